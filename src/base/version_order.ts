/**
 * The order of versions as text, so that SQLite can compare and index them.
 *
 * @module
 */

/**
 * Returns a text for a version. Texts compare by their bytes as versions do by semver 2.0.0, except that
 * a release is newer than every prerelease.
 *
 * @param version a valid version without build metadata
 */
export function versionOrder(version: string): string {
  const dash = version.indexOf("-");
  const [core, prerelease] = dash < 0
    ? [version, ""]
    : [version.slice(0, dash), version.slice(dash + 1)];
  const numbers = core.split(".").map(numberOrder).join("");
  if (dash < 0) return `r${numbers}`;
  // A space is lower than every character of an identifier, so that fewer identifiers come first.
  return `p${numbers}${prerelease.split(".").map(identifierOrder).join(" ")}`;
}

/** Numeric identifiers are lower than all others. */
function identifierOrder(identifier: string): string {
  return /^\d+$/.test(identifier) ? `0${numberOrder(identifier)}` : `1${identifier}`;
}

/** Puts the number of digits first, in two digits, because more digits are a higher number. */
function numberOrder(digits: string): string {
  return `${digits.length}`.padStart(2, "0") + digits;
}
