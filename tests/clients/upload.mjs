// Uploads one file by tus-js-client, as a page or a Node program would, and says how it went.
//
// node upload.mjs NODE_MODULES ENDPOINT TOKEN FILE CHUNK_BYTES ABORT_AFTER_BYTES
// Aborts once after so many bytes (0: never) and resumes. Prints the last request's headers.

import { createReadStream, statSync } from "node:fs";
import { createRequire } from "node:module";

const [modules, endpoint, token, file, chunk, abortAfter] = process.argv.slice(2);
const tus = createRequire(`${modules}/`)("tus-js-client");
let aborted = Number(abortAfter) === 0;
let document = null;
let errors = 0;

const upload = new tus.Upload(createReadStream(file), {
  endpoint,
  uploadSize: statSync(file).size,
  chunkSize: Number(chunk) || Infinity,
  retryDelays: [100, 300, 1000, 3000],
  headers: { Authorization: `Bearer ${token}` },
  metadata: {
    filename: "scan.bin",
    filetype: "application/octet-stream",
    class: "imaging",
    provenance: "pre-existing",
  },
  onAfterResponse: (_, answer) => {
    document = answer.getHeader("Subrosa-Document") ?? document;
    if (answer.getStatus() >= 400) errors += 1;
  },
  onProgress: (sent) => {
    if (aborted || sent < Number(abortAfter)) return;
    aborted = true;
    upload.abort().then(() => {
      const rest = new tus.Upload(createReadStream(file), {
        ...upload.options,
        uploadUrl: upload.url,
      });
      rest.start();
    });
  },
  onError: (error) => {
    console.error(error.message);
    process.exit(1);
  },
  onSuccess: () => {
    console.log(JSON.stringify({ document, errors }));
    process.exit(0);
  },
});
upload.start();
