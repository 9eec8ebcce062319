/**
 * The least that `publish` of a ready archive can do on this machine with Deno: copy a file in one
 * thread, compute the SHA-256 of what is copied in another, from memory that both share, and flush the
 * copy to the disk. Writes the hash.
 *
 * Arguments: file, copy.
 */

import { createHash } from "node:crypto";

const BLOCK_BYTES = 128 * 1024;
const BLOCKS = 32;
/** Indexes of the shared counters: bytes copied and bytes hashed, in blocks. */
const [COPIED, HASHED] = [0, 1];

function blockAt(ring: Uint8Array, block: number): Uint8Array {
  const start = (block % BLOCKS) * BLOCK_BYTES;
  return ring.subarray(start, start + BLOCK_BYTES);
}

/** Blocks until a counter satisfies the condition. */
function wait(counters: Int32Array, index: number, isReached: (value: number) => boolean): void {
  for (let value = Atomics.load(counters, index); !isReached(value);) {
    Atomics.wait(counters, index, value);
    value = Atomics.load(counters, index);
  }
}

function count(counters: Int32Array, index: number): void {
  Atomics.add(counters, index, 1);
  Atomics.notify(counters, index);
}

/** The shared memory of both threads. */
interface Shared {
  counters: Int32Array;
  ring: Uint8Array;
}

function copy(from: string, to: string, { counters, ring }: Shared): void {
  using source = Deno.openSync(from);
  using target = Deno.openSync(to, { write: true });
  for (let block = 0;; block++) {
    wait(counters, HASHED, (hashed) => block < hashed + BLOCKS);
    const bytes = blockAt(ring, block);
    const length = source.readSync(bytes);
    if (length === null) return;
    for (let at = 0; at < length;) at += target.writeSync(bytes.subarray(at, length));
    count(counters, COPIED);
  }
}

function hash(path: string, lengthBytes: number, { counters, ring }: Shared): string {
  const sha256 = createHash("sha256");
  for (let at = 0; at < lengthBytes; at += BLOCK_BYTES) {
    const block = at / BLOCK_BYTES;
    wait(counters, COPIED, (copied) => copied > block);
    sha256.update(blockAt(ring, block).subarray(0, lengthBytes - at));
    count(counters, HASHED);
  }
  using file = Deno.openSync(path, { read: true, write: true });
  file.syncSync();
  return sha256.digest("hex");
}

const COPIER = "copier";
declare const self: Worker & { name?: string };

if (self.name === COPIER) {
  self.onmessage = ({ data }: MessageEvent<[string, string, Shared]>) => copy(...data);
} else {
  const [from, to] = Deno.args as [string, string];
  const shared = {
    counters: new Int32Array(new SharedArrayBuffer(8)),
    ring: new Uint8Array(new SharedArrayBuffer(BLOCKS * BLOCK_BYTES)),
  };
  Deno.writeFileSync(to, new Uint8Array());
  const copier = new Worker(import.meta.url, { type: "module", name: COPIER });
  copier.postMessage([from, to, shared]);
  console.log(hash(to, Deno.statSync(from).size, shared));
  Deno.exit(0);
}
