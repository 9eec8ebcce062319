/**
 * Sort keys of versions: strings whose order is the precedence of Semantic Versioning 2.0.0, section 11. Keys
 * are made once for each row, so sorting ten thousand rows compares plain strings.
 *
 * @module
 */

/** Digits of a number in a key: enough for 2^53. */
const DIGITS = 16;
/** Separates the identifiers of a prerelease; lower than every character of an identifier. */
const SEPARATOR = "\u0001";
/** Marks a release; higher than the mark of each prerelease. */
const RELEASE = "~";

/** Makes the sort key of a version. A text that is no version sorts by its characters, before all versions. */
export function versionKeyOf(version: string): string {
  const parsed = /^(\d{1,16})\.(\d{1,16})\.(\d{1,16})(?:-([\w.-]+))?(?:\+.*)?$/.exec(version);
  if (parsed === null) return ` ${version}`;
  const [, major, minor, patch, prerelease] = parsed;
  const numbers = [major!, minor!, patch!].map((digits) => digits.padStart(DIGITS, "0")).join(".");
  if (prerelease === undefined) return numbers + RELEASE;
  const identifiers = prerelease.split(".").map((identifier) =>
    // Numeric identifiers have lower precedence than alphanumeric ones.
    /^\d+$/.test(identifier) ? `0${identifier.padStart(DIGITS, "0")}` : `1${identifier}`
  );
  return `${numbers}-${identifiers.join(SEPARATOR)}`;
}
