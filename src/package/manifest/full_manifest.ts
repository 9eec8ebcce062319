/**
 * The full manifest: `manifest.json` inside the archive, which lists every file with its hash.
 *
 * @module
 */

import canonicalize from "canonicalize";
import * as v from "valibot";
import { concatBytes, inTurns, utf8 } from "../../base/mod.ts";
import type { Signer } from "../../identity/mod.ts";
import { contentHash, formatSha256, isSha256 } from "./content_hash.ts";
import { messageOf, quote } from "./errors.ts";
import { type FileList, findFiles, HASH_BYTES, readFiles } from "./files_object.ts";
import { type ArchiveLimits, defaultArchiveLimits, MAX_FIELD_BYTES } from "./limits.ts";
import type { Metadata } from "./metadata.ts";
import type { PathList } from "./path_list.ts";
import { PathSet } from "./paths.ts";
import {
  checkLength,
  commonFields,
  invalid,
  isSignedBy,
  type ManifestKind,
  parseManifest,
  PROTOCOL,
  serialize,
  sha256Schema,
  signFields,
  timestampSchema,
  type Unsigned,
  verifyFields,
} from "./signed_json.ts";
import { dependencyName, isValidRange } from "./spec.ts";

/** Most dependencies that one package may name. */
const MAX_DEPENDENCIES = 1000;

/** What an archive says of itself. */
export interface FullManifest {
  protocol: typeof PROTOCOL;
  /** `name` or `@scope/name`. */
  name: string;
  /** Strict semver. */
  version: string;
  /** One line, at most 4,096 characters. */
  description?: string;
  /** One line, at most 512 characters. */
  author?: string;
  /** One line, at most 256 characters; an SPDX expression by custom. */
  license?: string;
  /** One line, at most 2,048 characters. */
  homepage?: string;
  /** One line, at most 2,048 characters. */
  repository?: string;
  /** `sha256:…` of every file but `manifest.json`, by its path in the archive. */
  files: Record<string, string>;
  /** The hash over {@linkcode FullManifest.files}, see {@linkcode contentHash}. */
  contentHash: string;
  /** The publisher: `ed25519:` and 44 characters of base64. */
  pubkey: string;
  /** Unix milliseconds; only from `SOURCE_DATE_EPOCH`, or the archive would differ each time. */
  timestamp?: number;
  /** Semver ranges by `NAME`, or by `KEY/NAME` for the package of that publisher alone. */
  dependencies?: Record<string, string>;
  /** `ed25519:` and 88 characters of base64, over all fields but this one. */
  signature: string;
}

/** Longest text of each optional field that holds one, in characters. */
export const TEXT_FIELDS = {
  description: 4096,
  author: 512,
  license: 256,
  homepage: 2048,
  repository: 2048,
} as const;

const text = (maxLength: number) =>
  v.optional(v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(maxLength),
    v.check((value) => value.isWellFormed(), "is not valid Unicode"),
    // A terminal would obey a control character.
    v.check((value) => !/\p{Cc}/u.test(value), "has a control character in it"),
  ));

// Not v.record: it drops keys such as "constructor", which are fine names for a file.
const textRecord = v.custom<Record<string, string>>(
  (value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) &&
    Object.values(value).every((entry) => typeof entry === "string"),
  "is not an object of strings",
);

const dependencies = v.pipe(
  textRecord,
  v.check(
    (value) => Object.keys(value).length <= MAX_DEPENDENCIES,
    `names more than ${MAX_DEPENDENCIES} packages`,
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const message = problemOfKeys(Object.keys(dataset.value));
    if (message !== undefined) addIssue({ message });
  }),
  v.check(
    (value) => Object.values(value).every(isValidRange),
    "has a value that is no semver range",
  ),
);

function fullManifest(limits: ArchiveLimits): ManifestKind<FullManifest> {
  return manifestKind(v.pipe(
    textRecord,
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const message = problemOfFiles(dataset.value, limits);
      if (message !== undefined) addIssue({ message });
    }),
  ));
}

/** A manifest whose files were taken out, to be read by themselves. */
const withoutFiles = manifestKind(
  v.pipe(textRecord, v.check((value) => Object.keys(value).length === 0, "lists files twice")),
);

function manifestKind(
  files: v.GenericSchema<unknown, Record<string, string>>,
): ManifestKind<FullManifest> {
  return {
    label: "full manifest",
    domain: "libreseed:full-manifest:v1",
    schema: v.strictObject({
      ...commonFields,
      description: text(TEXT_FIELDS.description),
      author: text(TEXT_FIELDS.author),
      license: text(TEXT_FIELDS.license),
      homepage: text(TEXT_FIELDS.homepage),
      repository: text(TEXT_FIELDS.repository),
      files,
      contentHash: sha256Schema,
      timestamp: v.optional(timestampSchema),
      dependencies: v.optional(dependencies),
    }),
  };
}

/** Of two publishers' packages of one name, the package that depends on them could see only one. */
function problemOfKeys(keys: readonly string[]): string | undefined {
  const names = new Set<string>();
  for (const key of keys) {
    const name = dependencyName(key);
    if (name === undefined) {
      return `has a key that is neither NAME nor ed25519:BASE64/NAME: ${quote(key)}`;
    }
    if (names.has(name)) return `names ${name} twice`;
    names.add(name);
  }
}

function problemOfFiles(files: Record<string, string>, limits: ArchiveLimits): string | undefined {
  const entries = Object.entries(files);
  if (entries.length === 0) return "it lists no files";
  const check = new FilesCheck(limits);
  for (const [path, hash] of entries) {
    if (!isSha256(hash)) return `the hash of ${quote(path)} is not sha256: and 64 digits`;
    const problem = check.add(path);
    if (problem !== undefined) return problem;
  }
}

/** Holds the files of a manifest to the limits, one by one. */
class FilesCheck {
  readonly #limits: ArchiveLimits;
  readonly #paths: PathSet;
  #count = 0;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
    this.#paths = new PathSet(limits);
  }

  /** Gives memory back: the paths stay. */
  [Symbol.dispose](): void {
    this.#paths[Symbol.dispose]();
  }

  /** The paths so far. */
  get paths(): PathList {
    return this.#paths.list;
  }

  /** Takes a file's path, or says what is wrong with it. */
  add(path: string): string | undefined {
    const { maxFiles } = this.#limits;
    if (++this.#count > maxFiles) return `it lists more than ${maxFiles} files`;
    return this.#paths.add(path)?.message.slice(0, -1);
  }
}

/**
 * The fields of a full manifest before it is signed.
 *
 * @param said what the package says of itself
 * @param files `sha256:…` by path
 * @param sourceDateEpoch in seconds; without it the manifest has no time in it
 */
export function manifestFields(
  said: Metadata & Pick<FullManifest, "name" | "version">,
  files: Record<string, string>,
  sourceDateEpoch: number | undefined,
): Unsigned<FullManifest> {
  const timestamp = sourceDateEpoch === undefined ? undefined : sourceDateEpoch * 1000;
  return { ...said, files, contentHash: contentHash(files), timestamp };
}

/**
 * Signs a full manifest: Ed25519 over `libreseed:full-manifest:v1`, a line feed, and the canonical
 * JSON (RFC 8785) of all fields but `signature`.
 *
 * @throws {PackageError} `MANIFEST_INVALID` (kind usage) if a field breaks its rule
 */
export function signFull(
  fields: Unsigned<FullManifest>,
  signer: Signer,
  limits: ArchiveLimits = defaultArchiveLimits,
): FullManifest {
  return signFields(fullManifest(limits), fields, signer);
}

/**
 * Whether the manifest is valid and signed by the key that it names. Never throws. That
 * `contentHash` follows from `files` is a step of its own, see {@linkcode contentHash}.
 */
export function verifyFullSignature(
  manifest: FullManifest,
  limits: ArchiveLimits = defaultArchiveLimits,
): boolean {
  return verifyFields(fullManifest(limits), manifest);
}

/** A full manifest as it was read. */
export interface ReadManifest extends Pick<FileList, "paths" | "hashes" | "contentHash"> {
  /** Its `files` are made when they are asked for: `paths` and `hashes` take a quarter of the memory. */
  manifest: FullManifest;
  /** Whether it is signed by the key that it names. */
  isSigned(): boolean;
}

/** What stands before a full manifest when it is signed. */
const DOMAIN = utf8(`${withoutFiles.domain}\n`);

/**
 * Memory for a full manifest of so many bytes, with room before it for what is signed with it: without
 * that, {@linkcode ReadManifest.isSigned} copies the manifest.
 */
export function memoryForFull(lengthBytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(DOMAIN.length + lengthBytes).subarray(DOMAIN.length);
}

/**
 * Reads a full manifest of at most `limits.maxManifestBytes`; the signature is not checked. The only
 * form that is read is the one that {@linkcode serializeFull} writes.
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
 * Reads a full manifest as {@linkcode parseFull} does, and lets others have their turn meanwhile. Time
 * and memory are linear in its length.
 *
 * @param bytes may not be altered before `isSigned` was asked
 * @throws {PackageError} `MANIFEST_TOO_LARGE`, `MANIFEST_INVALID` (kind verification); whatever aborted
 * the signal
 */
export async function readFull(
  bytes: Uint8Array,
  limits: ArchiveLimits,
  signal?: AbortSignal,
): Promise<ReadManifest> {
  return await inTurns(readInWindows(bytes, limits), signal);
}

function* readInWindows(bytes: Uint8Array, limits: ArchiveLimits): Generator<void, ReadManifest> {
  checkLength(withoutFiles, bytes.length, limits.maxManifestBytes);
  const start = findFiles(bytes, MAX_FIELD_BYTES);
  if (start === undefined) {
    // Without files it is not valid, for this or for another reason.
    parseManifest(fullManifest(limits), bytes, MAX_FIELD_BYTES);
    throw invalid(withoutFiles, "verification", "it lists no files");
  }
  using check = new FilesCheck(limits);
  let list: FileList;
  try {
    const read = yield* readFiles(bytes, start, (path) => check.add(path));
    list = { ...read, paths: check.paths };
  } catch (cause) {
    throw invalid(withoutFiles, "verification", messageOf(cause), cause);
  }
  const { paths, hashes, contentHash, end } = list;
  const rest = concatBytes(bytes.subarray(0, start), bytes.subarray(end));
  const fields = parseManifest(withoutFiles, rest, MAX_FIELD_BYTES);
  let files: Record<string, string> | undefined;
  const manifest = Object.defineProperty({ ...fields }, "files", {
    enumerable: true,
    get: () => files ??= recordOf(list),
  });
  const isSigned = () => {
    const { signature: _, ...unsigned } = fields;
    // The signature comes after the files, so the text is the same before.
    const text = utf8(canonicalize({ ...unsigned, files: {} })!);
    return withSigned(bytes, end, text.subarray(start), (signed) => isSignedBy(fields, signed));
  };
  return { manifest, paths, hashes, contentHash, isSigned };
}

function recordOf({ paths, hashes }: FileList): Record<string, string> {
  // Not assigned one by one: a file may be called __proto__.
  return Object.fromEntries(
    Array.from(paths, (path, i) => [path, formatSha256(hashAt(hashes, i))]),
  );
}

/** The hash of the file with this index, 32 bytes. */
export function hashAt(hashes: Uint8Array, index: number): Uint8Array {
  return hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
}

/**
 * Calls a function with what is signed: the manifest up to `end`, then `tail`, with the domain before
 * it. If there is room before the manifest, the bytes are put there for the time of the call.
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

/** Canonical JSON (RFC 8785) and a line feed. */
export function serializeFull(manifest: FullManifest): string {
  return serialize(manifest);
}
