// Opens one Cobblestone-256 message, written from the C2SP specification alone: no line and no
// library in common with the vault, so that the two agree only if both are right.
//
// Reads a JSON list of {key, context, message} in hex; writes the plaintexts, or null if refused.

import { createDecipheriv, createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";

const CHUNK = 16384;
const TAG = 16;

function expand(prk, info, length) {
  let block = Buffer.alloc(0);
  let out = Buffer.alloc(0);
  for (let counter = 1; out.length < length; counter++) {
    const step = Buffer.concat([block, info, Buffer.from([counter])]);
    block = createHmac("sha512", prk).update(step).digest();
    out = Buffer.concat([out, block]);
  }
  return out.subarray(0, length);
}

function open(key, context, message) {
  const salt = message.subarray(0, 24);
  const label = Buffer.from("c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0");
  const derived = expand(key, Buffer.concat([label, salt, context]), 76);
  if (!timingSafeEqual(derived.subarray(44), message.subarray(24, 56))) throw new Error("key");
  const plain = [];
  for (let at = 56, number = 0; ; number++) {
    const chunk = message.subarray(at, at + CHUNK + TAG);
    if (chunk.length < TAG) throw new Error("cut");
    const nonce = Buffer.from(derived.subarray(32, 44));
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ number) >>> 0, 8);
    const decipher = createDecipheriv("aes-256-gcm", derived.subarray(0, 32), nonce);
    decipher.setAuthTag(chunk.subarray(chunk.length - TAG));
    plain.push(decipher.update(chunk.subarray(0, chunk.length - TAG)), decipher.final());
    at += chunk.length;
    if (chunk.length < CHUNK + TAG) {
      if (at !== message.length) throw new Error("more");
      return Buffer.concat(plain);
    }
  }
}

const answers = JSON.parse(readFileSync(0)).map(({ key, context, message }) => {
  try {
    return open(...[key, context, message].map((hex) => Buffer.from(hex, "hex"))).toString("hex");
  } catch {
    return null;
  }
});
process.stdout.write(JSON.stringify(answers));
