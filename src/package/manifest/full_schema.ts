/**
 * The fields of a full manifest and their rules.
 *
 * @module
 */

import * as v from "valibot";
import { quote } from "../errors.ts";
import { type ArchiveLimits, type PathList, PathSet } from "../paths/mod.ts";
import { isSha256 } from "./content_hash.ts";
import {
  commonFields,
  type ManifestKind,
  type PROTOCOL,
  sha256Schema,
  timestampSchema,
} from "./signed_json.ts";
import { dependencyName, isValidRange } from "./spec.ts";

/** Maximum number of dependencies of one package. */
const MAX_DEPENDENCIES = 1000;

/** The manifest inside an archive: the package, its files, its publisher. */
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
  /** `sha256:…` of every file except `manifest.json`, by its path in the archive. */
  files: Record<string, string>;
  /** The hash over {@linkcode FullManifest.files}, see {@linkcode contentHash}. */
  contentHash: string;
  /** The publisher: `ed25519:` and 44 characters of base64. */
  pubkey: string;
  /**
   * Unix milliseconds. Set only by `SOURCE_DATE_EPOCH`: any other time would make each archive
   * differ.
   */
  timestamp?: number;
  /** Semver ranges by `NAME`, or by `KEY/NAME` for the package of that publisher alone. */
  dependencies?: Record<string, string>;
  /** `ed25519:` and 88 characters of base64, over all fields but this one. */
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
    // A terminal would obey a control character.
    v.check((value) => !/\p{Cc}/u.test(value), "has a control character in it"),
  ));

// Not v.record: it drops keys such as "constructor", which are valid file names.
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

/** The full manifest under some limits, with its files. */
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

/** The full manifest without its files, which were taken out to be read by themselves. */
export const kindWithoutFiles = manifestKind(
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

/** Checks the keys of `dependencies`: a package can see only one package of each name. */
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

/** Checks the files of a manifest against the limits, one by one. */
export class FilesCheck {
  readonly #limits: ArchiveLimits;
  readonly #paths: PathSet;
  #count = 0;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
    this.#paths = new PathSet(limits);
  }

  /** Frees the memory of the checks. The paths stay. */
  [Symbol.dispose](): void {
    this.#paths[Symbol.dispose]();
  }

  /** The paths that were added. */
  get paths(): PathList {
    return this.#paths.list;
  }

  /** Adds a file's path. Returns what is wrong with it, without a full stop. */
  add(path: string): string | undefined {
    const { maxFiles } = this.#limits;
    if (++this.#count > maxFiles) return `it lists more than ${maxFiles} files`;
    return this.#paths.add(path)?.message.slice(0, -1);
  }
}
