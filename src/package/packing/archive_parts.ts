/**
 * Writes the parts of an archive: the members of the files, those of the manifest, and the list of all
 * members.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { concatBytes, utf8 } from "../../base/mod.ts";
import {
  ArchivePass,
  BATCH_BYTES,
  CHUNK_BYTES,
  Compressor,
  encodeMemberList,
  FILE_CUTS,
  fileChanged,
  FileWriter,
  type ListedMember,
  MANIFEST_CUTS,
  MemberWriter,
  openArchive,
  type Staging,
  type StartThread,
  TAR_HEADER_BYTES,
  tarEntry,
  tarEntryBytes,
  type TarFile,
  tarOf,
} from "../archive/mod.ts";
import {
  formatSha256,
  type FullManifest,
  manifestTooLarge,
  serializeFull,
} from "../manifest/mod.ts";
import { type ArchiveLimits, MANIFEST_PATH } from "../paths/mod.ts";
import type { ScannedFile } from "../selection/mod.ts";
import { pieceLengthFor } from "../torrent/mod.ts";
import { checkArchiveSize } from "./pack_limits.ts";
import type { SecretCheck } from "./secret_check.ts";
import { readSource } from "./source_file.ts";

/** State that the steps of one packing share. */
export interface Job {
  limits: ArchiveLimits;
  /** Maximum number of threads. */
  threads: number;
  startThread?: StartThread;
  staging: Staging;
  secrets: SecretCheck;
  signal?: AbortSignal;
  onProgress?: (progress: PackProgress) => void;
}

/** Progress of packing, as passed to `PackOptions.onProgress`. */
export interface PackProgress {
  /** `files`: reading and compressing the files; `archive`: assembling the archive. */
  phase: "files" | "archive";
  /** Path of the source file that is being read. */
  path?: string;
  doneBytes: number;
  totalBytes: number;
}

/** The compressed files of an archive, without its manifest. */
export interface Body {
  /** Path of the temporary file that holds the gzip members of the files. */
  path: string;
  tarBytes: number;
  gzipBytes: number;
  /** The members of the files that the archive lists. */
  members: ListedMember[];
  /** Pairs of path and `sha256:…`, in the order of the archive. */
  hashes: [string, string][];
}

/** The beginning of an archive: the list of its members, and the members of the manifest. */
export interface Head {
  bytes: Uint8Array;
  /** Length of the manifest's tar entry. */
  tarBytes: number;
}

/** An archive in a temporary file, with its hashes. */
export interface WrittenArchive {
  /** Path of the temporary file. */
  path: string;
  lengthBytes: number;
  /** SHA-256 of the archive, 32 bytes. */
  sha256: Uint8Array;
  /** Length of a piece of the archive's torrent in bytes. */
  pieceBytes: number;
  /** SHA-1 of each piece, 20 bytes each, concatenated. */
  pieces: Uint8Array;
}

/** Returns the number of threads for compressing the files: at most one for every two batches. */
function threadsFor({ threads }: Job, files: ScannedFile[], totalBytes: number): number {
  const tarBytes = totalBytes + files.length * TAR_HEADER_BYTES;
  return Math.min(threads, Math.floor(tarBytes / BATCH_BYTES / 2));
}

/** Hashes the files, and compresses them to a temporary file. Each file is read once. */
export async function writeBody(
  job: Job,
  files: ScannedFile[],
  totalBytes: number,
): Promise<Body> {
  const path = job.staging.next();
  const hashes: [string, string][] = [];
  // Buffers are reused: a few large objects rarely trigger garbage collection, so discarded buffers
  // would pile up.
  const buffers: Uint8Array[] = [];
  const nextBuffer = () => buffers.pop() ?? new Uint8Array(CHUNK_BYTES);
  let doneBytes = 0;
  using spool = await FileWriter.create(path);
  using compressor = new Compressor(threadsFor(job, files, totalBytes), job.startThread);
  const writer = new MemberWriter({
    compressor,
    rule: FILE_CUTS,
    write: (members) => spool.write(members),
  });

  async function* contents(file: ScannedFile): AsyncGenerator<Uint8Array> {
    const hash = createHash("sha256");
    const check = job.secrets.begin(file.path, file.info.size);
    for await (const chunk of readSource(file, nextBuffer, job.signal)) {
      job.onProgress?.({ phase: "files", path: file.path, doneBytes, totalBytes });
      hash.update(chunk);
      check.add(chunk);
      doneBytes += chunk.length;
      yield chunk;
    }
    check.end();
    hashes.push([file.path, formatSha256(hash.digest())]);
  }

  function* entries(): Generator<TarFile> {
    for (const file of files) {
      const { path, info } = file;
      const executable = ((info.mode ?? 0) & 0o100) !== 0;
      writer.expectEntry(tarEntryBytes(path, info.size), true);
      yield { path, sizeBytes: info.size, executable, contents: () => contents(file) };
    }
  }

  for await (const chunk of tarOf(entries())) {
    await writer.add(chunk);
    if (chunk.buffer.byteLength === CHUNK_BYTES) buffers.push(new Uint8Array(chunk.buffer));
    checkArchiveSize(writer.gzipBytes, job.limits);
  }
  await writer.end();
  const { tarBytes, gzipBytes, members } = writer;
  return { path, tarBytes, gzipBytes, members, hashes };
}

/**
 * Compresses the manifest, and lists the members of the whole archive.
 *
 * @throws {PackageError} `MANIFEST_TOO_LARGE`
 */
export async function makeHead(full: FullManifest, body: Body, limits: ArchiveLimits) {
  const manifest = utf8(serializeFull(full));
  // Check the manifest's length again, because the earlier estimate did not include a timestamp
  // from SOURCE_DATE_EPOCH.
  if (manifest.length > limits.maxManifestBytes) throw manifestTooLarge(manifest.length, limits);
  const entry = await tarEntry(MANIFEST_PATH, manifest);
  const parts: Uint8Array[] = [];
  using compressor = new Compressor(0);
  const writer = new MemberWriter({
    compressor,
    rule: MANIFEST_CUTS,
    write(members) {
      parts.push(members.slice());
      return Promise.resolve();
    },
  });
  writer.expectEntry(entry.length, false);
  await writer.add(entry);
  await writer.end();
  const list = encodeMemberList([...writer.members, ...body.members]);
  const head: Head = { bytes: concatBytes(list, ...parts), tarBytes: entry.length };
  return head;
}

/** Joins the head and the files to the archive, and computes the archive's hashes. */
export async function writeArchive(job: Job, head: Head, body: Body): Promise<WrittenArchive> {
  const path = job.staging.next();
  using archive = await FileWriter.create(path, { isKept: true });
  await archive.write(head.bytes);
  using spool = await openArchive(body.path);
  if (spool.info.size !== body.gzipBytes) throw fileChanged(body.path);
  const lengthBytes = head.bytes.length + body.gzipBytes;
  const pieceBytes = pieceLengthFor(lengthBytes, { hasMemberList: true });
  let doneBytes = 0;
  // The pass needs no `using`: the next statement calls `finish()`, which waits for the threads.
  const pass = await ArchivePass.start({
    source: spool,
    copy: archive,
    pieceBytes,
    threads: job.threads,
    startThread: job.startThread,
    signal: job.signal,
    onProgress: (bytes) => {
      doneBytes += bytes;
      job.onProgress?.({ phase: "archive", doneBytes, totalBytes: lengthBytes });
    },
  });
  const hashes = await pass.finish();
  await archive.sync();
  return { path, lengthBytes, pieceBytes, ...hashes };
}
