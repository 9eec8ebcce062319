/**
 * The fields of a full manifest and their rules.
 *
 * @module
 */

import * as v from "valibot";
import { isTag } from "../../base/mod.ts";
import { quote } from "../errors.ts";
import { type ArchiveLimits, type PathList, PathSet } from "../paths/mod.ts";
import { isSha256 } from "./content_hash.ts";
import { commonFields, type ManifestKind, sha256Schema, timestampSchema } from "./signed_json.ts";
import type { Ext, SignerFields } from "./signer_field.ts";
import { dependencyName, isValidRange } from "./spec.ts";

/** Maximum number of dependencies of a package. */
const MAX_DEPENDENCIES = 1000;

/** The manifest inside an archive: the package, its files, its publisher. */
export interface FullManifest extends SignerFields {
  /** Package name: `name` or `@scope/name`. */
  name: string;
  /** Package version, strict semver. */
  version: string;
  /** Description of the package: one line of at most 4,096 characters. */
  description?: string;
  /** Author of the package: one line of at most 512 characters. */
  author?: string;
  /** Licence of the package: one line of at most 256 characters, usually an SPDX expression. */
  license?: string;
  /** Homepage of the package: one line of at most 2,048 characters. */
  homepage?: string;
  /** Repository of the package: one line of at most 2,048 characters. */
  repository?: string;
  /** The `sha256:…` of every file except `manifest.json`, by path in the archive. */
  files: Record<string, string>;
  /** The content hash over {@linkcode FullManifest.files}, see {@linkcode contentHash}. */
  contentHash: string;
  /**
   * Timestamp in Unix milliseconds. Set only from `SOURCE_DATE_EPOCH`: the time of packing would
   * make every archive different.
   */
  timestamp?: number;
  /**
   * Semver ranges or tags of the dependencies. The key is `NAME` for any publisher, or `KEY/NAME` for the
   * package of one publisher.
   */
  dependencies?: Record<string, string>;
  /** Fields that a later version may add, which this one ignores. */
  ext?: Ext;
  /**
   * Signature over all other fields, by the key of `signer`, or else of `pubkey`: `ed25519:` and 88
   * characters of base64.
   */
  signature: string;
}

/** Maximum length of each optional text field, in characters. */
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
    // Control characters in a text could control the terminal that shows the text.
    v.check((value) => !/\p{Cc}/u.test(value), "has a control character in it"),
  ));

// `v.record` is not used, because it drops keys such as "constructor", which are valid file names.
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
    (value) => Object.values(value).every((range) => isValidRange(range) || isTag(range)),
    "has a value that is neither a semver range nor a tag",
  ),
);

/** Makes the schema of the full manifest, with its files, under the given limits. */
export function fullManifestKind(limits: ArchiveLimits): ManifestKind<FullManifest> {
  return manifestKind(v.pipe(
    textRecord,
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const message = problemOfFiles(dataset.value, limits);
      if (message !== undefined) addIssue({ message });
    }),
  ));
}

/**
 * Schema of a full manifest without the members of `files`, which `files_object.ts` reads
 * separately.
 */
export const kindWithoutFiles = manifestKind(
  v.pipe(textRecord, v.check((value) => Object.keys(value).length === 0, "lists files twice")),
);

function manifestKind(
  files: v.GenericSchema<unknown, Record<string, string>>,
): ManifestKind<FullManifest> {
  return {
    label: "full manifest",
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
    // `timestamp` is the date of the sources, and may be older than the key.
    signedAtMs: () => undefined,
  };
}

/** Checks the keys of `dependencies`: a package can depend on only one package of each name. */
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

/** Checks the paths of a full manifest against the limits, one path at a time. */
export class FilesCheck {
  readonly #limits: ArchiveLimits;
  readonly #paths: PathSet;
  #count = 0;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
    this.#paths = new PathSet(limits);
  }

  /** Frees the memory that only the checks of paths need. The list of paths remains usable. */
  [Symbol.dispose](): void {
    this.#paths[Symbol.dispose]();
  }

  /** Paths of the full manifest that were added so far. */
  get paths(): PathList {
    return this.#paths.list;
  }

  /**
   * Adds a file's path. Returns a description of the problem if the path is invalid, without a full
   * stop.
   */
  add(path: string): string | undefined {
    const { maxFiles } = this.#limits;
    if (++this.#count > maxFiles) return `it lists more than ${maxFiles} files`;
    return this.#paths.add(path)?.message.slice(0, -1);
  }
}
