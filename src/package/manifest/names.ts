/**
 * Rules for package names and versions, and the file names derived from them.
 *
 * @module
 */

// The whole library takes 3 ms more to load, which `verify` would take longer.
import isNewer from "semver/functions/gt.js";
import readVersion from "semver/functions/valid.js";
import { MAX_VERSION_LENGTH, NAME_PART, torrentBeside } from "../../base/mod.ts";
import { fingerprint } from "../../identity/mod.ts";
import { PackageError, quote } from "../errors.ts";

const NAME = new RegExp(`^(?:@${NAME_PART}/)?${NAME_PART}$`);

const ARCHIVE_SUFFIX = ".tgz";
const MINIMAL_SUFFIX = ".minimal.json";
const TORRENT_SUFFIX = ".torrent";

/** Whether the text is a package name: `name` or `@scope/name`, see {@linkcode validateName}. */
export function isValidName(name: string): boolean {
  return NAME.test(name);
}

/**
 * Whether the text is a version: semver 2.0.0 in the form that npm:semver writes, without build
 * metadata.
 */
export function isValidVersion(version: string): boolean {
  return version.length <= MAX_VERSION_LENGTH && readVersion(version) === version;
}

/**
 * Checks a package name: `name` or `@scope/name`. Both parts have 1 to 64 characters of `a-z 0-9 .
 * _ -` and begin with a letter or digit.
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
 * Checks a version: semver 2.0.0 such as `1.2.3` or `1.2.3-rc.1`, at most 64 characters, without a
 * leading `v` or spaces. Build metadata is refused, because two versions that differ only in build
 * metadata compare as equal.
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
 * Whether version `a` is newer than version `b` by semver 2.0.0; a release is newer than every
 * prerelease. Both versions are valid.
 */
export function isNewerVersion(a: string, b: string): boolean {
  const [isPreA, isPreB] = [a.includes("-"), b.includes("-")];
  return isPreA === isPreB ? isNewer(a, b) : isPreB;
}

/**
 * The usual file name of an archive: `NAME-VERSION.tgz`. The slash of a scope becomes `+`, as in
 * `@scope+name-1.0.0.tgz`.
 *
 * @throws {PackageError} `NAME_INVALID`, `VERSION_INVALID`
 */
export function archiveFileName(name: string, version: string): string {
  return archiveStem(name, version) + ARCHIVE_SUFFIX;
}

/**
 * Returns the alternative file name of an archive, `NAME-VERSION~FINGERPRINT.tgz`. This name is
 * used in a directory where another publisher's archive of the same name and version has the usual
 * file name. Names and versions contain no tilde, so the form is unambiguous.
 *
 * @param publicKey the publisher's key, 32 bytes
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
 * Makes a predicate for the file names that an archive of this name and version may have, for any
 * publisher.
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

/**
 * Returns the file name of an archive's minimal manifest: `.tgz` becomes `.minimal.json`. Accepts a
 * path as well.
 */
export function minimalFileName(archiveFileName: string): string {
  return withoutSuffix(archiveFileName) + MINIMAL_SUFFIX;
}

/**
 * Returns the file name of an archive's torrent: `.tgz` becomes `.torrent`. Accepts a path as well.
 */
export function torrentFileName(archiveFileName: string): string {
  return torrentBeside(withoutSuffix(archiveFileName));
}

/**
 * Whether a file name is that of an archive of the package `name` in any version, or of the
 * archive's minimal manifest or torrent.
 */
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
