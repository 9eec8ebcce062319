/**
 * Writes the tar of an archive. The same files always give the same bytes, because no header field
 * depends on the machine.
 *
 * @module
 */

import { type Pack, pack } from "tar-stream";
import { utf8 } from "../../base/mod.ts";
import { splitPath } from "./tar_header.ts";

/** Length in bytes of the header of a file without a pax header. */
export const TAR_HEADER_BYTES = 512;
/** Length in bytes of the two blocks of zeros that end a tar. */
const END_BYTES = 1024;

/** A file to write to a tar. */
export interface TarFile {
  path: string;
  sizeBytes: number;
  executable: boolean;
  /**
   * Yields exactly `sizeBytes` bytes, or throws. A yielded chunk must not be altered afterwards.
   */
  contents: () => AsyncIterable<Uint8Array>;
}

/** Returns the length in bytes of a file's tar entry: headers, contents and padding. */
export function tarEntryBytes(path: string, sizeBytes: number): number {
  const paxBytes = splitPath(path) ? 0 : TAR_HEADER_BYTES + padded(paxRecordBytes(path));
  return paxBytes + TAR_HEADER_BYTES + padded(sizeBytes);
}

function padded(bytes: number): number {
  return Math.ceil(bytes / TAR_HEADER_BYTES) * TAR_HEADER_BYTES;
}

/** Length of a pax header's record `LENGTH path=PATH` and a line feed, whose length counts itself. */
function paxRecordBytes(path: string): number {
  const restBytes = utf8(` path=${path}\n`).length;
  const lengthBytes = restBytes + `${restBytes}`.length;
  return restBytes + `${lengthBytes}`.length;
}

/**
 * Makes the tar entry of a file in memory: header, contents and padding, without the end of the
 * tar.
 */
export async function tarEntry(path: string, bytes: Uint8Array): Promise<Uint8Array> {
  const tar = pack();
  tar.entry(header(path, bytes.length, false), bytes);
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const whole = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
  return whole.subarray(0, -END_BYTES);
}

/**
 * Yields the complete tar of the files, including its end. A yielded chunk is not altered
 * afterwards.
 */
export async function* tarOf(files: Iterable<TarFile>): AsyncGenerator<Uint8Array> {
  const tar = pack();
  const writing = writeEntries(tar, files);
  // Pass the error to the tar stream, whose reader below throws it.
  writing.catch((error) => tar.destroy(error));
  try {
    yield* tar as AsyncIterable<Uint8Array>;
    await writing;
  } finally {
    tar.destroy();
    await writing.catch(() => {});
  }
}

async function writeEntries(tar: Pack, files: Iterable<TarFile>): Promise<void> {
  for (const file of files) {
    const entry = tar.entry(header(file.path, file.sizeBytes, file.executable));
    let wake = () => {};
    let failure: unknown;
    entry.on("drain", () => wake());
    entry.on("close", () => wake());
    entry.on("error", (error: Error) => failure = error);
    for await (const chunk of file.contents()) {
      if (tar.destroying) throw new Error("the reader of the tar has ended");
      const drained = new Promise<void>((resolve) => wake = resolve);
      if (!entry.write(chunk)) await drained;
    }
    if (tar.destroying) throw new Error("the reader of the tar has ended");
    const closed = new Promise<void>((resolve) => wake = resolve);
    entry.end(null);
    await closed;
    if (failure !== undefined) throw failure;
  }
  tar.finalize();
}

function header(name: string, size: number, executable: boolean) {
  const mode = executable ? 0o755 : 0o644;
  return { name, size, mode, mtime: new Date(0), uid: 0, gid: 0, type: "file" as const };
}
