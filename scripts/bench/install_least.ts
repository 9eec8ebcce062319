/**
 * The least that `install` of many small files can do on this machine with Deno: inflate an archive,
 * compute its SHA-256 and that of each file, compare the latter with the manifest, and write the files
 * in two threads that are confined as libreseed's are: they may write in the target directory and
 * nowhere else, and import nothing. Checks no signature, and reads no tar but that of `install.ts`.
 * Needs `--unstable-worker-options`.
 *
 * Arguments: archive, target directory, which must be empty, and the mode of the files, octal.
 */

import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { createGunzip } from "node:zlib";
import { confineBundle } from "../../src/confinement/mod.ts";

const THREADS = 2;
const BLOCK_BYTES = 512;
const BATCH_BYTES = 256 * 1024;
const BATCH_FILES = 64;
/** Offset of a file's size in a tar header, and its end. */
const [SIZE_AT, SIZE_END] = [124, 136];
const WRITER = "writer";
const MANIFEST = "manifest.json";

/** Files to write, their contents one after the other in `bytes`. */
interface Batch {
  bytes: Uint8Array<ArrayBuffer>;
  paths: string[];
  lengths: number[];
  mode: number;
}

function write({ bytes, paths, lengths, mode }: Batch): void {
  let at = 0;
  for (const [index, path] of paths.entries()) {
    using file = Deno.openSync(path, { write: true, createNew: true, mode });
    const end = at + lengths[index]!;
    while (at < end) at += file.writeSync(bytes.subarray(at, end));
  }
}

async function* tarOf(archive: string, hash: (chunk: Uint8Array) => void) {
  const gunzip = createGunzip({ chunkSize: BATCH_BYTES });
  const reading = (async () => {
    using file = await Deno.open(archive);
    const chunk = new Uint8Array(BATCH_BYTES);
    for (let length = file.readSync(chunk); length !== null; length = file.readSync(chunk)) {
      hash(chunk.subarray(0, length));
      await new Promise((resolve) => gunzip.write(chunk.subarray(0, length), resolve));
    }
    gunzip.end();
  })();
  yield* gunzip as AsyncIterable<Uint8Array>;
  await reading;
}

/** Hands batches to the writing threads in turn. */
class Writers {
  readonly #threads: Worker[];
  readonly #done = Promise.withResolvers<void>();
  #sent = 0;
  #written = 0;
  #isLast = false;

  constructor(target: string) {
    const deno = { permissions: { write: [target] } };
    const options = { type: "module", name: WRITER, deno } as WorkerOptions;
    this.#threads = Array.from({ length: THREADS }, () => new Worker(import.meta.url, options));
    for (const thread of this.#threads) {
      thread.onmessage = () => {
        this.#written++;
        this.#check();
      };
    }
  }

  send(batch: Batch): void {
    this.#threads[this.#sent++ % THREADS]!.postMessage(batch, [batch.bytes.buffer]);
  }

  finish(): Promise<void> {
    this.#isLast = true;
    this.#check();
    return this.#done.promise;
  }

  #check(): void {
    if (this.#isLast && this.#written === this.#sent) this.#done.resolve();
  }
}

/** Yields path and contents of each file in a tar whose paths are short. */
async function* filesOf(parts: AsyncIterable<Uint8Array>): AsyncGenerator<[string, Uint8Array]> {
  const decoder = new TextDecoder();
  let rest = new Uint8Array();
  for await (const part of parts) {
    const tar = new Uint8Array(rest.length + part.length);
    tar.set(rest);
    tar.set(part, rest.length);
    let at = 0;
    while (at + BLOCK_BYTES <= tar.length && tar[at] !== 0) {
      const header = decoder.decode(tar.subarray(at, at + SIZE_END));
      const size = parseInt(header.slice(SIZE_AT), 8);
      const next = at + BLOCK_BYTES + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
      if (next > tar.length) break;
      const contents = tar.subarray(at + BLOCK_BYTES, at + BLOCK_BYTES + size);
      yield [header.slice(0, header.indexOf("\0")), contents];
      at = next;
    }
    rest = tar.slice(at);
  }
}

async function install(archive: string, target: string, mode: number): Promise<string> {
  const writers = new Writers(target);
  const newBatch = (): Batch => ({
    bytes: new Uint8Array(BATCH_BYTES),
    paths: [],
    lengths: [],
    mode,
  });
  let batch = newBatch();
  let usedBytes = 0;
  const directories = new Set<string>();
  const whole = createHash("sha256");
  let expected: Record<string, string> = {};
  for await (const [name, bytes] of filesOf(tarOf(archive, (chunk) => whole.update(chunk)))) {
    const path = `${target}/${name}`;
    if (name === MANIFEST) {
      expected = JSON.parse(new TextDecoder().decode(bytes)).files;
      Deno.writeFileSync(path, bytes);
      continue;
    }
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    if (expected[name] !== `sha256:${sha256}`) throw new Error(`${name} has another hash`);
    const directory = dirname(path);
    if (!directories.has(directory)) Deno.mkdirSync(directory, { recursive: true });
    directories.add(directory);
    if (batch.paths.length === BATCH_FILES || usedBytes + bytes.length > BATCH_BYTES) {
      writers.send(batch);
      batch = newBatch();
      usedBytes = 0;
    }
    batch.bytes.set(bytes, usedBytes);
    usedBytes += bytes.length;
    batch.paths.push(path);
    batch.lengths.push(bytes.length);
  }
  writers.send(batch);
  await writers.finish();
  return whole.digest("hex");
}

declare const self: Worker & { name?: string };

if (self.name === WRITER) {
  confineBundle();
  self.onmessage = ({ data }: MessageEvent<Batch>) => {
    write(data);
    self.postMessage(undefined);
  };
} else {
  const [archive, target, mode] = Deno.args as [string, string, string];
  console.log(await install(archive, target, parseInt(mode, 8)));
  Deno.exit(0);
}
