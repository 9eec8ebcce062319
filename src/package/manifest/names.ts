/**
 * Package names and versions, and the file names that follow from them.
 *
 * @module
 */

import semver from "semver";
import { fingerprint } from "../../identity/mod.ts";
import { PackageError, quote } from "./errors.ts";

/** Longest version, in characters. */
export const MAX_VERSION_LENGTH = 64;

const NAME_PART = "[a-z0-9][a-z0-9._-]{0,63}";
const NAME = new RegExp(`^(?:@${NAME_PART}/)?${NAME_PART}$`);

const ARCHIVE_SUFFIX = ".tgz";
const MINIMAL_SUFFIX = ".minimal.json";
const TORRENT_SUFFIX = ".torrent";

/** Whether the text is a package name: `name` or `@scope/name`, see {@linkcode validateName}. */
export function isValidName(name: string): boolean {
  return NAME.test(name);
}

/** Whether the text is a version: semver 2.0.0, as npm:semver itself would write it, without build metadata. */
export function isValidVersion(version: string): boolean {
  return version.length <= MAX_VERSION_LENGTH && semver.valid(version) === version;
}

/**
 * Checks a package name: `name` or `@scope/name`, where both are 1 to 64 of `a-z 0-9 . _ -` and begin
 * with a letter or digit.
 *
 * @throws {PackageError} `NAME_INVALID`
 */
export function validateName(name: string): void {
  if (isValidName(name)) return;
  throw new PackageError(
    "usage",
    "NAME_INVALID",
    `${quote(name)} is not a package name. Use 1 to 64 of a-z, 0-9, ".", "_" and "-", beginning ` +
      `with a letter or digit; a scope goes before it as @scope/name.`,
    { detail: { name: name.slice(0, 200) } },
  );
}

/**
 * Checks a version: semver 2.0.0 such as `1.2.3` or `1.2.3-rc.1`, at most 64 characters, without
 * build metadata (two versions that differ only in it would be equal), a leading `v` or spaces.
 *
 * @throws {PackageError} `VERSION_INVALID`
 */
export function validateVersion(version: string): void {
  if (isValidVersion(version)) return;
  throw new PackageError(
    "usage",
    "VERSION_INVALID",
    `${quote(version)} is not a version. Use semver as in 1.2.3 or 1.2.3-rc.1, ` +
      `at most ${MAX_VERSION_LENGTH} characters, without "+".`,
    { detail: { version: version.slice(0, 200) } },
  );
}

/**
 * `NAME-VERSION.tgz`; the slash of a scope becomes `+`: `@scope+name-1.0.0.tgz`.
 *
 * @throws {PackageError} `NAME_INVALID`, `VERSION_INVALID`
 */
export function archiveFileName(name: string, version: string): string {
  return archiveStem(name, version) + ARCHIVE_SUFFIX;
}

/**
 * `NAME-VERSION~FINGERPRINT.tgz`: what an archive is called where another publisher's of the same name
 * and version has the usual file name. A tilde is in no name and no version.
 *
 * @param publicKey 32 bytes
 * @throws {PackageError} `NAME_INVALID`, `VERSION_INVALID`
 */
export function otherArchiveFileName(
  name: string,
  version: string,
  publicKey: Uint8Array,
): string {
  return `${archiveStem(name, version)}~${fingerprint(publicKey)}${ARCHIVE_SUFFIX}`;
}

/**
 * Tells whether an archive of this name and version may be called so, whoever its publisher is.
 *
 * @throws {PackageError} `NAME_INVALID`, `VERSION_INVALID`
 */
export function isArchiveOf(name: string, version: string): (fileName: string) => boolean {
  const stem = archiveStem(name, version);
  return (fileName) =>
    fileName === stem + ARCHIVE_SUFFIX ||
    fileName.startsWith(`${stem}~`) && fileName.endsWith(ARCHIVE_SUFFIX);
}

function archiveStem(name: string, version: string): string {
  validateName(name);
  validateVersion(version);
  return `${name.replace("/", "+")}-${version}`;
}

/** The minimal manifest that lies beside an archive: `.tgz` becomes `.minimal.json`. Takes paths too. */
export function minimalFileName(archiveFileName: string): string {
  return withoutSuffix(archiveFileName) + MINIMAL_SUFFIX;
}

/** The torrent that lies beside an archive: `.tgz` becomes `.torrent`. Takes paths too. */
export function torrentFileName(archiveFileName: string): string {
  return withoutSuffix(archiveFileName) + TORRENT_SUFFIX;
}

/** Whether a file name is that of an archive of `name`, of any version, or of what lies beside one. */
export function isOutputOf(name: string, fileName: string): boolean {
  const prefix = name.replace("/", "+") + "-";
  if (!fileName.startsWith(prefix)) return false;
  return [ARCHIVE_SUFFIX, MINIMAL_SUFFIX, TORRENT_SUFFIX].some((suffix) =>
    fileName.endsWith(suffix) && isValidVersion(fileName.slice(prefix.length, -suffix.length))
  );
}

function withoutSuffix(archiveFileName: string): string {
  if (archiveFileName.endsWith(ARCHIVE_SUFFIX)) {
    return archiveFileName.slice(0, -ARCHIVE_SUFFIX.length);
  }
  throw new PackageError(
    "usage",
    "OUTPUT_INVALID",
    `The name of an archive has to end with ${ARCHIVE_SUFFIX}; ${quote(archiveFileName)} does not.`,
  );
}
