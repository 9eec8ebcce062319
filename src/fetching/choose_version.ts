/**
 * Chooses the versions of a package that fit a request: the versions that a range allows and that are
 * not yanked, the version that a tag names, or the newest.
 *
 * @module
 */

import semver from "semver";
import { isTag } from "../base/mod.ts";
import { nearest } from "../config/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import { isValidName, isValidVersion, LATEST } from "../package/mod.ts";
import type { PackageOffer } from "../store/mod.ts";
import { FetchingError } from "./errors.ts";
import { isNewest } from "./requirement.ts";

/** Maximum number of versions in an error message. A publisher may list 100,000 versions. */
const MAX_NAMED = 10;
/**
 * Maximum number of package names that a misspelt name is compared with. A publisher may list 100,000
 * names.
 */
const MAX_COMPARED = 5_000;

/**
 * Returns the versions of a package that fit a request, in the order in which they are to be tried.
 * Yanked versions fit no range and no tag.
 *
 * Without a range, that is the version with the tag `latest`, then lower stable versions. Without that
 * tag, it is all stable versions or, if the package has none, all versions.
 */
export function fittingVersions(
  { versions = [], flags: { yanked, tags } }: Pick<PackageOffer, "versions" | "flags">,
  range: string | undefined,
): string[] {
  // Publishers may list versions that are invalid semver; such versions are ignored.
  const highest: string[] = semver.rsort(
    versions.filter((version) => isValidVersion(version) && !yanked.has(version)),
  );
  const named = (tag: string) => {
    const version = tags.get(tag);
    return version !== undefined && isValidVersion(version) && !yanked.has(version)
      ? version
      : undefined;
  };
  if (!isNewest(range)) {
    if (!isTag(range!)) return highest.filter((version) => semver.satisfies(version, range!));
    const version = named(range!);
    return version === undefined ? [] : [version];
  }
  const stable = highest.filter((version) => semver.prerelease(version) === null);
  const latest = named(LATEST);
  if (latest !== undefined) {
    return [latest, ...stable.filter((version) => semver.lt(version, latest))];
  }
  return stable.length === 0 && range !== LATEST ? highest : stable;
}

/**
 * Creates the error for a package without a fitting version.
 *
 * @param offer absent if the publisher's list was not read
 * @param names all package names of the publisher; the most similar name is suggested to the user
 */
export function noFittingVersion(
  { publicKey, name, range = "*" }: { publicKey: Uint8Array; name: string; range?: string },
  offer: Pick<PackageOffer, "versions" | "flags"> | undefined,
  names: readonly string[] = [],
): FetchingError {
  const { versions = [], flags } = offer ?? {};
  const publisher = formatPublicKey(publicKey);
  const highest: string[] = semver.rsort(versions.filter(isValidVersion));
  const [newest] = highest;
  const there = listed(highest.map((one) => flags?.yanked.has(one) ? `${one} (yanked)` : one));
  const yanked = highest.filter((one) =>
    flags?.yanked.has(one) &&
    (isNewest(range) ||
      (isTag(range) ? flags.tags.get(range) === one : semver.satisfies(one, range)))
  );
  // A similar name of this publisher is a better suggestion than a similar name of another publisher.
  const isUnknown = highest.length === 0;
  const near = isUnknown
    ? nearest(name, names.slice(0, MAX_COMPARED).filter(isValidName))
    : undefined;
  const message = isUnknown
    ? `${publisher} publishes no package named ${name}`
    : yanked.length > 0
    ? `${publisher} has yanked ${
      yanked.length === 1 ? `${name}@${yanked[0]}` : `all versions of ${name} that satisfy ${range}`
    }; there is ${there}. Name a version to take it all the same: ${name}@${yanked[0]}`
    : range === LATEST
    ? `${publisher} publishes no stable version of ${name}, only prereleases: ${there}. ` +
      `Name one to take it: ${name}@${newest}`
    : isTag(range)
    ? `${publisher} has no tag ${range} of ${name}; ${describeTags(flags?.tags, range)}`
    : `${publisher} publishes no version of ${name} that satisfies ${range}; there is ${there}`;
  const detail = {
    name,
    range,
    publisher,
    versions: highest.slice(0, MAX_NAMED),
    ...(yanked.length > 0 && { yanked: yanked.slice(0, MAX_NAMED) }),
    ...(isUnknown && { unknownName: name }),
    ...(near !== undefined && { didYouMean: near }),
  };
  return new FetchingError("not-found", "VERSION_NOT_FOUND", message, { detail });
}

function describeTags(tags: ReadonlyMap<string, string> = new Map(), asked: string): string {
  const names = [LATEST, ...[...tags.keys()].filter((tag) => tag !== LATEST).sort()];
  const near = nearest(asked, names);
  return `its tags are ${listed(names)}${near === undefined ? "" : `. Did you mean ${near}?`}`;
}

function listed(words: readonly string[]): string {
  return words.slice(0, MAX_NAMED).join(", ") +
    (words.length > MAX_NAMED ? ` and ${words.length - MAX_NAMED} more` : "");
}

/** Whether a version is higher than another one (semantic versioning, both valid). */
export function isHigherVersion(version: string, than: string): boolean {
  return semver.gt(version, than);
}
