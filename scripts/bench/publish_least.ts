/**
 * The least that `publish` of a ready archive can do on this machine with Deno: copy a file in one
 * thread, compute the SHA-256 of the copy in another, and flush the copy to the disk. Writes the hash.
 *
 * Arguments: file, copy.
 */

import { createHash } from "node:crypto";

const BLOCK_BYTES = 128 * 1024;
const AHEAD_BYTES = 32 * 1024 * 1024;
/** Indexes of the shared counters: bytes copied and bytes hashed, in blocks. */
const [COPIED, HASHED] = [0, 1];

function* blocksOf(file: Deno.FsFile, block: Uint8Array): Generator<Uint8Array> {
  for (let length = file.readSync(block); length !== null; length = file.readSync(block)) {
    yield block.subarray(0, length);
  }
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

function copy(from: string, to: string, counters: Int32Array): void {
  using source = Deno.openSync(from);
  using target = Deno.openSync(to, { write: true });
  let blocks = 0;
  for (const block of blocksOf(source, new Uint8Array(BLOCK_BYTES))) {
    wait(counters, HASHED, (hashed) => blocks < hashed + AHEAD_BYTES / BLOCK_BYTES);
    for (let at = 0; at < block.length;) at += target.writeSync(block.subarray(at));
    blocks++;
    count(counters, COPIED);
  }
}

function hash(path: string, lengthBytes: number, counters: Int32Array): string {
  using file = Deno.openSync(path, { read: true, write: true });
  const sha256 = createHash("sha256");
  const block = new Uint8Array(BLOCK_BYTES);
  const blocks = Math.ceil(lengthBytes / BLOCK_BYTES);
  for (let at = 0; at < blocks; at++) {
    wait(counters, COPIED, (copied) => copied > at);
    sha256.update(block.subarray(0, file.readSync(block)!));
    count(counters, HASHED);
  }
  file.syncSync();
  return sha256.digest("hex");
}

const COPIER = "copier";
declare const self: Worker & { name?: string };

if (self.name === COPIER) {
  self.onmessage = ({ data }: MessageEvent<[string, string, Int32Array]>) => copy(...data);
} else {
  const [from, to] = Deno.args as [string, string];
  const counters = new Int32Array(new SharedArrayBuffer(8));
  Deno.writeFileSync(to, new Uint8Array());
  const copier = new Worker(import.meta.url, { type: "module", name: COPIER });
  copier.postMessage([from, to, counters]);
  console.log(hash(to, Deno.statSync(from).size, counters));
  Deno.exit(0);
}
