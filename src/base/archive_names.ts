/**
 * The form of the file names of archives. The launcher checks names with this file, which loads no
 * library. `src/package/manifest/names.ts` has the rules for names and versions in full.
 *
 * @module
 */

/** A package's name, or its scope, as the source of a regular expression: 1 to 64 characters. */
export const NAME_PART = "[a-z0-9][a-z0-9._-]{0,63}";

/** Maximum length of a version, in characters. */
export const MAX_VERSION_LENGTH = 64;

const NUMBER = "(?:0|[1-9][0-9]{0,15})";
/** Semver 2.0.0, section 9: numbers without leading zeros, or words with letters or hyphens. */
const IDENTIFIER = "(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)";
const VERSION = `${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-${IDENTIFIER}(?:\\.${IDENTIFIER})*)?`;
const OUTPUT = new RegExp(
  `^(?:@${NAME_PART}\\+)?${NAME_PART}-(?=.{5,${MAX_VERSION_LENGTH}}\\.(?:tgz|minimal\\.json|torrent)$)` +
    `${VERSION}\\.(?:tgz|minimal\\.json|torrent)$`,
);
/** Maximum length of such a name: scope and name, their separators, version, longest suffix. */
const MAX_LENGTH = 1 + 64 + 1 + 64 + 1 + MAX_VERSION_LENGTH + ".minimal.json".length;

/**
 * Whether a file name is the usual one of an archive (`NAME-VERSION.tgz`), or of the minimal
 * manifest or torrent beside it. The slash of a scope is a plus sign.
 */
export function isArchiveFileName(fileName: string): boolean {
  return fileName.length <= MAX_LENGTH && OUTPUT.test(fileName);
}

/** Returns the path of the torrent beside an archive: `.torrent` takes the place of `.tgz`. */
export function torrentBeside(archivePath: string): string {
  return archivePath.replace(/\.tgz$/, "") + ".torrent";
}
