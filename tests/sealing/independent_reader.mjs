// Reads what the vault seals, written from docs/sealed-document.md and the C2SP specification alone:
// no line and no library in common with the vault, so that the two agree only if both are right.
//
// Reads a JSON list of questions, each of a kind below, bytes in hex; writes the answers, null for
// what is refused.

import { createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";

const CHUNK = 16384;
const TAG = 16;
const HEADER = 56;

const bytes = (hex) => Buffer.from(hex, "hex");
const id = (text) => bytes(text.replaceAll("-", ""));

function must(fact) {
  if (!fact) throw new Error("refused");
}

function be(size, number) {
  const out = Buffer.alloc(size);
  out.writeUIntBE(number, 0, size);
  return out;
}

function context(label, ...items) {
  const spelled = items.flatMap((item) => [be(4, item.length), item]);
  return Buffer.concat([Buffer.from(`${label}\0`), ...spelled]);
}

function derive(secret, label, length = 32) {
  return Buffer.from(hkdfSync("sha256", secret, Buffer.alloc(32), label, length));
}

function expand(prk, info, length, hash = "sha512") {
  let block = Buffer.alloc(0);
  let out = Buffer.alloc(0);
  for (let counter = 1; out.length < length; counter++) {
    const step = Buffer.concat([block, info, Buffer.from([counter])]);
    block = createHmac(hash, prk).update(step).digest();
    out = Buffer.concat([out, block]);
  }
  return out.subarray(0, length);
}

function decrypt(key, nonce, sealed, associated = Buffer.alloc(0)) {
  must(sealed.length >= TAG);
  const decipher = createDecipheriv(`aes-${key.length * 8}-gcm`, key, nonce);
  decipher.setAAD(associated);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG));
  return Buffer.concat([decipher.update(sealed.subarray(0, -TAG)), decipher.final()]);
}

// One chunked-encryption message: Cobblestone-256 by its key of 32 bytes and SHA-512. The vectors
// published with an earlier draft also have AES-128, and SHA-256.
function openMessage(key, place, message, hash = "sha512") {
  const size = key.length;
  const salt = message.subarray(0, 24);
  const label = Buffer.from(`c2sp.org/chunked-encryption@v1+AEAD_AES_${size * 8}_GCM\0`);
  const derived = expand(key, Buffer.concat([label, salt, place]), size + 44, hash);
  must(timingSafeEqual(derived.subarray(size + 12), message.subarray(24, HEADER)));
  const plain = [];
  for (let at = HEADER, number = 0; ; number++) {
    const chunk = message.subarray(at, at + CHUNK + TAG);
    const nonce = Buffer.from(derived.subarray(size, size + 12));
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ number) >>> 0, 8);
    plain.push(decrypt(derived.subarray(0, size), nonce, chunk));
    at += chunk.length;
    if (chunk.length < CHUNK + TAG) {
      must(at === message.length);
      return Buffer.concat(plain);
    }
  }
}

// A whole object, with all that a reader has beside it.
function openObject({ key, headers, object, ...asked }) {
  const { size_bytes: size, part_size: partSize } = asked;
  const count = Math.max(1, Math.ceil(size / partSize));
  must(headers.length === count);
  const ids = [asked.case, asked.document, asked.rendition].map(id);
  const plain = [];
  let at = 0;
  for (let part = 0; part < count; part++) {
    const length = Math.min(partSize, size - part * partSize);
    const end = at + HEADER + length + TAG * (Math.floor(length / CHUNK) + 1);
    const message = object.subarray(at, end);
    must(message.length === end - at && message.subarray(0, HEADER).equals(headers[part]));
    const last = Buffer.from([part === count - 1 ? 1 : 0]);
    plain.push(openMessage(key, context("subrosa/part/v1", ...ids, be(4, part), last), message));
    at = end;
  }
  must(at === object.length);
  return Buffer.concat(plain);
}

function openEnvelope(subkey, place, envelope) {
  return decrypt(subkey, envelope.subarray(0, 12), envelope.subarray(12), place);
}

// The key of a case, a person or the vault, wrapped under a root key file, or under one of a case's
// own beside it.
function unwrap({ root_key: root, own_keys: owns = [], key_of: kind, holder }, wrapped) {
  const rootId = keyId(root);
  const wrapping = derive(root, "subrosa/root-key/wrap/v1");
  const place = context(`subrosa/wrap/${kind}/v1`, ...(holder === null ? [] : [id(holder)]));
  if (wrapped[0] === 1) {
    must(wrapped.subarray(1, 9).equals(rootId));
    return openEnvelope(wrapping, place, wrapped.subarray(9));
  }
  const [version, provider, own] = wrapped;
  const header = wrapped.subarray(0, 11);
  must(version === 2 && provider === 1 && (own === 0 || own === 1));
  must(header.length === 11 && header.subarray(3).equals(rootId));
  must(own === 0 || kind === "case");
  const ownId = wrapped.subarray(11, own === 1 ? 19 : 11);
  const binding = context("subrosa/wrap/v2", Buffer.concat([header, ownId]), place);
  const envelope = wrapped.subarray(11 + ownId.length);
  if (own === 0) return openEnvelope(wrapping, binding, envelope);
  const ownKey = owns.find((key) => keyId(key).equals(ownId));
  must(ownKey !== undefined);
  const both = Buffer.concat([wrapping, ownKey]);
  return openEnvelope(derive(both, "subrosa/case-own-key/wrap/v1"), binding, envelope);
}

function keyId(key) {
  return derive(key, "subrosa/root-key/id/v1", 8);
}

const MEMBERS =
  "admitted_at case class document file_name headers label media_type origin part_size " +
  "provenance rendition sha256 size_bytes title view";

function checkManifest(text, expected) {
  const said = JSON.parse(text);
  const names = Object.keys(said);
  must(names.join(" ") === MEMBERS && JSON.stringify(said) === text);
  const { size_bytes: size, part_size: partSize, headers, file_name: fileName } = said;
  const numbers = ["part_size", "size_bytes"];
  for (const name of names) {
    if (numbers.includes(name)) must(Number.isSafeInteger(said[name]));
    else must(typeof said[name] === "string" || (name === "file_name" && fileName === null));
  }
  for (const [name, value] of Object.entries(expected)) must(said[name] === value);
  must(size >= 0 && partSize >= 1 && ["full", "redacted"].includes(said.view));
  must(/^[0-9a-f]{64}$/.test(said.sha256));
  must(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(said.admitted_at));
  const toTheMillisecond = `${said.admitted_at.slice(0, 23)}Z`;
  must(new Date(toTheMillisecond).toISOString() === toTheMillisecond);
  const pinned = Buffer.from(headers, "base64");
  must(pinned.toString("base64") === headers);
  must(pinned.length === HEADER * Math.max(1, Math.ceil(size / partSize)));
  return said;
}

// A manifest with the two objects around it, as they lie in a bucket, from the root key on.
function openFromBucket({ root_key: root, case_key: wrapped, manifest, object, ...asked }) {
  const caseKey = unwrap({ root_key: root, key_of: "case", holder: asked.case }, wrapped);
  must(manifest.length >= 19 && manifest[0] === 1);
  const document = manifest.subarray(1, 17);
  const end = 19 + manifest.readUInt16BE(17);
  const dataWrapped = manifest.subarray(19, end);
  must(dataWrapped.length === end - 19 && dataWrapped[0] === 1);
  const ids = [id(asked.case), document, id(asked.rendition)];
  const key = openEnvelope(
    derive(caseKey, "subrosa/case-key/wrap/v1"),
    context("subrosa/wrap/data/v1", ...ids),
    dataWrapped.subarray(1),
  );
  const text = openMessage(key, context("subrosa/manifest/v1", ...ids), manifest.subarray(end));
  const hex = document.toString("hex");
  const said = checkManifest(text.toString(), {
    case: asked.case,
    document: hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5"),
    rendition: asked.rendition,
  });
  const pinned = Buffer.from(said.headers, "base64");
  const headers = [];
  for (let at = 0; at < pinned.length; at += HEADER) headers.push(pinned.subarray(at, at + HEADER));
  return openObject({ ...said, key, headers, object });
}

const KINDS = {
  message: ({ key, context: place, message, hash }) =>
    openMessage(bytes(key), bytes(place), bytes(message), hash),
  object: (asked) =>
    openObject({
      ...asked,
      key: bytes(asked.key),
      headers: asked.headers.map(bytes),
      object: bytes(asked.object),
    }),
  wrapped: ({ key_of, holder, ...asked }) =>
    unwrap(
      {
        root_key: bytes(asked.root_key),
        own_keys: asked.own_keys.map(bytes),
        key_of,
        holder,
      },
      bytes(asked.wrapped),
    ),
  bucket: (asked) =>
    openFromBucket({
      ...asked,
      root_key: bytes(asked.root_key),
      case_key: bytes(asked.case_key),
      manifest: bytes(asked.manifest),
      object: bytes(asked.object),
    }),
};

const answers = JSON.parse(readFileSync(0)).map((asked) => {
  try {
    return KINDS[asked.kind](asked).toString("hex");
  } catch {
    return null;
  }
});
process.stdout.write(JSON.stringify(answers));
