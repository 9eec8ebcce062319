/**
 * The format of a project's lock file, `libreseed.lock.json`: the requirements of the project, and
 * the exact packages that satisfy them.
 *
 * JSON in UTF-8 with sorted keys, two spaces of indentation and a final line feed:
 *
 * - `lockfileVersion`: 1
 * - `requirements`: an object keyed by `[KEY/]NAME`. Each member has a `range` (if absent, any
 *   version satisfies it) and a `package`, the key of a member of `packages`.
 * - `packages`: an object keyed by `KEY/NAME@VERSION`. Each member has the `archiveSha256`, `btih`,
 *   `length`, `timestamp` and `signature` of the package's minimal manifest. Its `dependencies` are
 *   an object from the name of each dependency to the key of a member of `packages`.
 *
 * The publisher's signature of each package is included. So an altered hash is detected offline,
 * and a locked package can be fetched from any peer even if its record is no longer in the DHT.
 *
 * @module
 */

import * as v from "valibot";
import { fromUtf8, inTurns, issueMessage, LibreseedError, messageOf } from "../base/mod.ts";
import {
  packageRef,
  parsePackageRef,
  parseRequirement,
  type Requirement,
  requirementKey,
  satisfiesRange,
} from "../fetching/mod.ts";
import {
  CERTIFIED_PROTOCOL,
  checkProtocol,
  type MinimalManifest,
  PROTOCOL,
  verifyMinimalSignature,
} from "../package/mod.ts";
import { writeFileAtomic } from "../store/mod.ts";
import { InstallError } from "./errors.ts";

/** File name of the lock file in a project's directory. */
export const LOCK_FILE_NAME = "libreseed.lock.json";

const VERSION = 1;
/** Maximum size of a lock file, in bytes. Enough for 1,000 packages with 100 dependencies each. */
const MAX_LOCK_BYTES = 16 << 20;
/**
 * Number of packages to parse before yielding to the event loop. Verifying the signatures of so
 * many packages takes about 10 ms.
 */
const PACKAGES_AT_ONCE = 200;

/** A package in a lock file: its minimal manifest and its dependencies. */
export interface LockedPackage {
  minimal: MinimalManifest;
  /** Maps the name of each dependency to its key in {@linkcode LockFile.packages}. */
  dependencies: ReadonlyMap<string, string>;
}

/**
 * A validated lock file: every reference leads to a package in the file, and all signatures are
 * valid.
 */
export interface LockFile {
  /** Locked packages, keyed by `KEY/NAME@VERSION`. */
  packages: ReadonlyMap<string, LockedPackage>;
  /** Requirements of the project, keyed by `[KEY/]NAME`. */
  requirements: ReadonlyMap<string, { requirement: Requirement; ref: string }>;
}

// `v.record` of npm:valibot is not used here: it drops the key `constructor`, which is a valid
// package name.
const object = v.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "is not an object",
);

const fileSchema = v.strictObject({
  lockfileVersion: v.literal(VERSION, `is not ${VERSION}: another version of libreseed wrote it`),
  packages: object,
  requirements: object,
});

// The formats of these fields are validated later, together with the signature.
const packageSchema = v.strictObject({
  btih: v.string(),
  dependencies: object,
  archiveSha256: v.string(),
  length: v.number(),
  ext: v.optional(
    v.custom<NonNullable<MinimalManifest["ext"]>>((value) => typeof value === "object"),
  ),
  protocol: v.optional(v.string()),
  signature: v.string(),
  signer: v.optional(
    v.custom<NonNullable<MinimalManifest["signer"]>>((value) => typeof value === "object"),
  ),
  timestamp: v.number(),
});

const requirementSchema = v.strictObject({
  package: v.string(),
  range: v.optional(v.string()),
});

/**
 * Parses the text of a lock file.
 *
 * @param path the path of the file, for error messages
 * @throws {InstallError} `LOCK_INVALID`, naming the file and the invalid member; kind
 * `verification` for a wrong signature, otherwise `failed`; `NEWER_FORMAT`
 * @throws {PackageError} `NEWER_FORMAT` for a package
 */
export function parseLockFile(text: string, path: string): LockFile {
  const reading = readInTurns(text, path);
  for (;;) {
    const { done, value } = reading.next();
    if (done) return value;
  }
}

/**
 * Parses the text of a lock file as a generator, which yields after every 200 signatures so that
 * the caller can give way to the event loop.
 */
function* readInTurns(text: string, path: string): Generator<void, LockFile> {
  const at = (member: string) => new MemberReader(path, member);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw at("").invalid(`is not JSON: ${messageOf(cause)}`, cause);
  }
  refuseNewer(path, json);
  const file = at("").parse(fileSchema, json);
  const packages = new Map<string, LockedPackage>();
  for (const [key, value] of Object.entries(file.packages)) {
    packages.set(key, readPackage(at(`packages[${shown(key)}]`), key, value));
    if (packages.size % PACKAGES_AT_ONCE === 0) yield;
  }
  for (const [key, { dependencies }] of packages) {
    for (const [name, ref] of dependencies) {
      const member = at(`packages[${shown(key)}].dependencies[${shown(name)}]`);
      const other = packages.get(ref);
      if (!other) throw member.invalid(`names ${shown(ref)}, which is not in packages`);
      if (other.minimal.name !== name) throw member.invalid("names a package of another name");
    }
  }
  const requirements = new Map<string, { requirement: Requirement; ref: string }>();
  for (const [key, value] of Object.entries(file.requirements)) {
    requirements.set(key, readRequirement(at(`requirements[${shown(key)}]`), key, value, packages));
  }
  return { packages, requirements };
}

/** Serializes a lock file with sorted keys; the inverse of {@linkcode parseLockFile}. */
export function formatLockFile({ packages, requirements }: LockFile): string {
  const file = {
    lockfileVersion: VERSION,
    packages: sorted(packages, ({ minimal, dependencies }) => ({
      btih: minimal.btih,
      dependencies: sorted(dependencies, (ref) => ref),
      archiveSha256: minimal.archiveSha256,
      ...(minimal.ext && { ext: minimal.ext }),
      length: minimal.length,
      signature: minimal.signature,
      ...(minimal.signer && { signer: minimal.signer }),
      timestamp: minimal.timestamp,
    })),
    requirements: sorted(requirements, ({ requirement: { range }, ref }) => ({
      package: ref,
      ...(range !== undefined && { range }),
    })),
  };
  return JSON.stringify(file, null, 2) + "\n";
}

/**
 * Reads and parses a lock file of at most 16 MiB.
 *
 * @returns `undefined` if the file does not exist
 * @throws {InstallError} `LOCK_INVALID`, also for a file that cannot be read
 * @throws the signal's reason once aborted
 */
export async function readLockFile(
  path: string,
  signal?: AbortSignal,
): Promise<LockFile | undefined> {
  const reader = new MemberReader(path, "");
  let bytes: Uint8Array;
  try {
    const info = await Deno.stat(path);
    if (!info.isFile) throw reader.invalid("is not a regular file");
    if (info.size > MAX_LOCK_BYTES) throw reader.invalid(`has more than ${MAX_LOCK_BYTES} bytes`);
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof LibreseedError) throw error;
    throw reader.invalid(`cannot be read: ${messageOf(error)}`, error);
  }
  let text: string;
  try {
    text = fromUtf8(bytes);
  } catch (cause) {
    throw reader.invalid("is not UTF-8", cause);
  }
  return await inTurns(readInTurns(text, path), signal);
}

/**
 * Writes a lock file atomically.
 *
 * @param temporaryPath path of the temporary file beside it; default: a new random name
 * @throws {StoreError} disk errors
 */
export async function writeLockFile(
  path: string,
  lock: LockFile,
  temporaryPath?: string,
): Promise<void> {
  await writeFileAtomic(path, formatLockFile(lock), { temporaryPath });
}

/** Throws `NEWER_FORMAT` for a lock file whose version is higher than the one that this program writes. */
function refuseNewer(path: string, json: unknown): void {
  const version = (json as { lockfileVersion?: unknown } | null)?.lockfileVersion;
  if (!Number.isSafeInteger(version) || (version as number) <= VERSION) return;
  throw new InstallError(
    "failed",
    "NEWER_FORMAT",
    `${path} has the format ${version}, which a newer libreseed has written. This program reads formats ` +
      `up to ${VERSION}; upgrade it.`,
    { detail: { path, lockfileVersion: version } },
  );
}

function readPackage(reader: MemberReader, key: string, value: unknown): LockedPackage {
  const name = parsePackageRef(key);
  if (!name) throw reader.invalid("does not have a key of the form KEY/NAME@VERSION");
  const { dependencies, protocol: written, ...fields } = reader.parse(packageSchema, value);
  // Only formats that came later are named: a certificate tells the first two apart.
  if (written !== undefined) {
    checkProtocol(`The minimal manifest of ${key}`, written);
    throw reader.invalid("has a protocol that is no format");
  }
  const protocol = fields.signer ? CERTIFIED_PROTOCOL : PROTOCOL;
  const minimal: MinimalManifest = { protocol, ...name, ...fields };
  if (!verifyMinimalSignature(minimal)) {
    throw reader.invalid("is not what its publisher signed", undefined, "verification");
  }
  const refs = new Map<string, string>();
  for (const [dependency, ref] of Object.entries(dependencies)) {
    if (typeof ref !== "string") throw reader.invalid("has a dependency that is not a string");
    refs.set(dependency, ref);
  }
  return { minimal, dependencies: refs };
}

function readRequirement(
  reader: MemberReader,
  key: string,
  value: unknown,
  packages: ReadonlyMap<string, LockedPackage>,
): { requirement: Requirement; ref: string } {
  const { package: ref, range } = reader.parse(requirementSchema, value);
  let requirement: Requirement;
  try {
    requirement = parseRequirement(range === undefined ? key : `${key}@${range}`);
  } catch (cause) {
    throw reader.invalid(messageOf(cause), cause);
  }
  if (requirementKey(requirement) !== key) throw reader.invalid("does not have a key [KEY/]NAME");
  const minimal = packages.get(ref)?.minimal;
  if (!minimal) throw reader.invalid(`names ${shown(ref)}, which is not in packages`);
  const { name, publisher } = requirement;
  const isMeant = minimal.name === name && satisfiesRange(minimal.version, range) &&
    (publisher === undefined || publisher === minimal.pubkey);
  if (!isMeant) throw reader.invalid(`names ${packageRef(minimal)}, which does not satisfy it`);
  return { requirement, ref };
}

/** Validates one member of a lock file's JSON. Error messages name the file and the member. */
class MemberReader {
  readonly #path: string;
  readonly #member: string;

  constructor(path: string, member: string) {
    this.#path = path;
    this.#member = member;
  }

  parse<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
    const result = v.safeParse(schema, value, { abortEarly: true });
    if (result.success) return result.output;
    const [issue] = result.issues;
    const within = v.getDotPath(issue);
    const member = [this.#member, within].filter(Boolean).join(".");
    throw new MemberReader(this.#path, member).invalid(
      issue.type === "custom" || issue.type === "literal"
        ? issue.message
        : `is invalid: ${issueMessage(issue).slice(0, 200)}`,
    );
  }

  invalid(
    why: string,
    cause?: unknown,
    kind: "failed" | "verification" = "failed",
  ): InstallError {
    const member = this.#member === "" ? "it" : this.#member;
    return new InstallError(
      kind,
      "LOCK_INVALID",
      `${this.#path} cannot be used: ${member} ${why}. ` +
        "Mend it, or remove it and run `libreseed install --save` anew",
      { cause, detail: { path: this.#path, member: this.#member } },
    );
  }
}

/** Quotes untrusted text for an error message, shortened to 200 characters. */
function shown(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

/** Converts a map to an object with sorted keys, so that equal lock files have the same text. */
function sorted<T, R>(
  entries: ReadonlyMap<string, T>,
  convert: (value: T) => R,
): Record<string, R> {
  return Object.fromEntries(
    [...entries].sort(([a], [b]) => a < b ? -1 : 1).map(([key, value]) => [key, convert(value)]),
  );
}
