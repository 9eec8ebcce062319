/**
 * The full manifest: `manifest.json` inside the archive, which lists every file with its hash.
 *
 * @module
 */

import canonicalize from "canonicalize";
import * as v from "valibot";
import { concatBytes, inTurns, utf8 } from "../base/mod.ts";
import type { Signer } from "../identity/mod.ts";
import { ContentHash, isSha256 } from "./content_hash.ts";
import { messageOf, quote } from "./errors.ts";
import { findFiles, readMembers } from "./files_object.ts";
import { type ArchiveLimits, defaultArchiveLimits, MAX_FIELD_BYTES } from "./limits.ts";
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
    const problem = check.add(path, hash);
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

  /** Says what is wrong with a file, if anything is. */
  add(path: string, hash: string): string | undefined {
    const { maxFiles } = this.#limits;
    if (++this.#count > maxFiles) return `it lists more than ${maxFiles} files`;
    if (!isSha256(hash)) return `the hash of ${quote(path)} is not sha256: and 64 digits`;
    return this.#paths.add(path)?.message.slice(0, -1);
  }
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
export interface ReadManifest {
  manifest: FullManifest;
  /** The paths of its files, in the order of the archive. */
  paths: readonly string[];
  /** What {@linkcode contentHash} gives for its files. */
  contentHash: string;
  /** Whether it is signed by the key that it names. */
  isSigned(): boolean;
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
  const check = new FilesCheck(limits);
  const hash = new ContentHash();
  const files: Record<string, string> = {};
  const paths: string[] = [];
  let end: number;
  try {
    end = yield* readMembers(bytes, start, (path, value) => {
      const problem = check.add(path, value);
      if (problem !== undefined) throw new Error(problem);
      // A file may be called __proto__, which is not set like others.
      if (path === "__proto__") Object.defineProperty(files, path, { ...ORDINARY, value });
      else files[path] = value;
      paths.push(path);
      hash.add(value);
    });
  } catch (cause) {
    throw invalid(withoutFiles, "verification", messageOf(cause), cause);
  }
  const rest = concatBytes(bytes.subarray(0, start), bytes.subarray(end));
  const fields = parseManifest(withoutFiles, rest, MAX_FIELD_BYTES);
  const signedBytes = () => {
    const { signature: _, ...unsigned } = fields;
    // The signature comes after the files, where the text differs.
    const text = utf8(canonicalize({ ...unsigned, files: {} })!);
    const domain = utf8(`${withoutFiles.domain}\n`);
    return concatBytes(domain, bytes.subarray(0, end), text.subarray(start));
  };
  return {
    manifest: { ...fields, files },
    paths,
    contentHash: hash.digest(),
    isSigned: () => isSignedBy(fields, signedBytes()),
  };
}

const ORDINARY = { enumerable: true, configurable: true, writable: true };

/** Canonical JSON (RFC 8785) and a line feed. */
export function serializeFull(manifest: FullManifest): string {
  return serialize(manifest);
}
