/**
 * Reads the full manifest of an archive, which may be 16 MiB of untrusted bytes. The field `files`
 * is read in windows (`files_object.ts`), the other fields as JSON.
 *
 * @module
 */

import canonicalize from "canonicalize";
import { concatBytes, inTurns, messageOf, utf8 } from "../../base/mod.ts";
import { manifestPrefix } from "../../identity/mod.ts";
import { PackageError } from "../errors.ts";
import { type ArchiveLimits, defaultArchiveLimits } from "../paths/mod.ts";
import { formatSha256 } from "./content_hash.ts";
import { type FileList, findFiles, HASH_BYTES, readFiles } from "./files_object.ts";
import {
  FilesCheck,
  type FullManifest,
  fullManifestKind,
  kindWithoutFiles,
} from "./full_schema.ts";
import { checkLength, invalid, isSignedBy, parseManifest } from "./signed_json.ts";
import { checkProtocol } from "./signer_field.ts";

/**
 * Maximum length in bytes of a full manifest without `files`: three times the length of the longest
 * texts and 1,000 dependencies.
 */
const MAX_FIELD_BYTES = 1024 * 1024;

/** A full manifest that was read, with paths and hashes of the files in compact form. */
export interface ReadManifest extends Pick<FileList, "paths" | "hashes" | "contentHash"> {
  /**
   * The manifest. Its `files` is a getter that builds the object on demand: `paths` and `hashes`
   * hold the same data in a quarter of the memory.
   */
  manifest: FullManifest;
  /** Whether the manifest is signed by its identity, or by a key that this has certified for its name. */
  isSigned(): boolean;
}

/**
 * The signing domain, with which the signed bytes begin. The manifest without the field `signature`
 * follows the domain.
 */
const DOMAIN = utf8(manifestPrefix("full manifest"));

/**
 * Allocates a buffer for a full manifest, with spare bytes before the manifest for the signed
 * domain. With any other buffer, {@linkcode ReadManifest.isSigned} has to copy the manifest.
 */
export function memoryForFull(lengthBytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(DOMAIN.length + lengthBytes).subarray(DOMAIN.length);
}

/**
 * Reads a full manifest of at most `limits.maxManifestBytes` without checking its signature.
 * Accepts only the form that `serializeFull` writes.
 *
 * @throws {PackageError} `MANIFEST_TOO_LARGE`, `MANIFEST_INVALID` (kind verification)
 */
export function parseFull(
  input: Uint8Array | string,
  limits: ArchiveLimits = defaultArchiveLimits,
): FullManifest {
  const reading = readInWindows(typeof input === "string" ? utf8(input) : input, limits);
  for (;;) {
    const { done, value } = reading.next();
    if (done) return value.manifest;
  }
}

/**
 * Reads a full manifest like {@linkcode parseFull}, and yields to the event loop after each window
 * of bytes. Time and memory are linear in the manifest's length.
 *
 * @param bytes the caller must not alter the bytes before its last call of `isSigned`
 * @throws {PackageError} `MANIFEST_TOO_LARGE`, `MANIFEST_INVALID` (kind verification)
 * @throws the signal's reason if it is aborted
 */
export async function readFull(
  bytes: Uint8Array,
  limits: ArchiveLimits,
  signal?: AbortSignal,
): Promise<ReadManifest> {
  return await inTurns(readInWindows(bytes, limits), signal);
}

function* readInWindows(bytes: Uint8Array, limits: ArchiveLimits): Generator<void, ReadManifest> {
  checkLength(kindWithoutFiles, bytes.length, limits.maxManifestBytes);
  try {
    return yield* readKnownFormat(bytes, limits);
  } catch (error) {
    if (error instanceof PackageError) checkProtocol("The full manifest", protocolIn(bytes));
    throw error;
  }
}

/**
 * Returns the value of the last field `protocol` in the bytes of a manifest; empty if none is found. The
 * field follows `files`, which a newer format may write in another way.
 */
function protocolIn(bytes: Uint8Array): string {
  const end = new TextDecoder().decode(bytes.subarray(-MAX_FIELD_BYTES));
  const field = '"protocol":"';
  const at = end.lastIndexOf(field);
  return at === -1 ? "" : end.slice(at + field.length).split('"', 1)[0]!;
}

function* readKnownFormat(
  bytes: Uint8Array,
  limits: ArchiveLimits,
): Generator<void, ReadManifest> {
  const start = findFiles(bytes, MAX_FIELD_BYTES);
  if (start === undefined) {
    // A manifest without files is invalid. If a field before `files` is invalid too, its error
    // message is more helpful, so the fields before `files` are checked first.
    parseManifest(fullManifestKind(limits), bytes, MAX_FIELD_BYTES);
    throw invalid(kindWithoutFiles, "verification", "it lists no files");
  }
  using check = new FilesCheck(limits);
  let list: FileList;
  try {
    const read = yield* readFiles(bytes, start, (path) => check.add(path));
    list = { ...read, paths: check.paths };
  } catch (cause) {
    throw invalid(kindWithoutFiles, "verification", messageOf(cause), cause);
  }
  const { paths, hashes, contentHash, end } = list;
  const rest = concatBytes(bytes.subarray(0, start), bytes.subarray(end));
  const fields = parseManifest(kindWithoutFiles, rest, MAX_FIELD_BYTES);
  let files: Record<string, string> | undefined;
  const manifest = Object.defineProperty({ ...fields }, "files", {
    enumerable: true,
    get: () => files ??= recordOf(list),
  });
  const isSigned = () => {
    const { signature: _, ...unsigned } = fields;
    // `signature` sorts after `files`, so the bytes up to `files` are signed unchanged.
    const text = utf8(canonicalize({ ...unsigned, files: {} })!);
    return withSigned(
      bytes,
      end,
      text.subarray(start),
      (signed) => isSignedBy(kindWithoutFiles, fields, signed),
    );
  };
  return { manifest, paths, hashes, contentHash, isSigned };
}

function recordOf({ paths, hashes }: FileList): Record<string, string> {
  // Use Object.fromEntries: assigning one property at a time would lose a file named __proto__.
  return Object.fromEntries(
    Array.from(paths, (path, i) => [path, formatSha256(hashAt(hashes, i))]),
  );
}

/** Returns the SHA-256 of the file with this index, 32 bytes. */
export function hashAt(hashes: Uint8Array, index: number): Uint8Array {
  return hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
}

/**
 * Calls a function with the signed bytes: the domain, the manifest up to `end`, then `tail`. If the
 * buffer has spare bytes before the manifest, the signed bytes are assembled in place, and the
 * manifest is restored after the call.
 */
function withSigned<T>(
  bytes: Uint8Array,
  end: number,
  tail: Uint8Array,
  use: (signed: Uint8Array) => T,
): T {
  const from = bytes.byteOffset - DOMAIN.length;
  if (from !== 0) return use(concatBytes(DOMAIN, bytes.subarray(0, end), tail));
  const kept = new Uint8Array(bytes.buffer).slice(0, DOMAIN.length);
  const keptTail = bytes.slice(end, end + tail.length);
  const whole = new Uint8Array(bytes.buffer, from, DOMAIN.length + end + tail.length);
  try {
    whole.set(DOMAIN);
    bytes.set(tail, end);
    return use(whole);
  } finally {
    whole.set(kept);
    bytes.set(keptTail, end);
  }
}
