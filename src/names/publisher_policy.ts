/**
 * Ranks the publishers of a name by one of four policies: `first-seen`, `latest-version`, `trusted`,
 * `seeders`.
 *
 * @module
 */

import semver from "semver";
import { eachLimited, toHex } from "../base/mod.ts";
import type { PublisherPolicy } from "../config/mod.ts";
import { satisfiesRange } from "../fetching/mod.ts";
import type { NameIndexEntry } from "../records/mod.ts";
import type { Pin } from "../store/mod.ts";
import { NamesError } from "./errors.ts";

/** Maximum number of publishers whose seeders are counted at once. Anybody can be a publisher of a name. */
const MAX_COUNTING = 24;

/** The name, the pins and other data that the ranking of publishers depends on. */
export interface RankContext {
  name: string;
  range?: string;
  policy: PublisherPolicy;
  /** Pins of this name, in ascending order of creation. */
  pins: readonly Pin[];
  /** Public keys (hex) that the user trusted, under any name. */
  trustedKeys: ReadonlySet<string>;
  /** Counts the seeders of the version in an entry. Only the policy `seeders` uses this function. */
  countSeeders: (entry: NameIndexEntry) => Promise<number>;
}

/**
 * Ranks the publishers in the index of a name by the policy.
 *
 * @returns the entries in descending rank; under the policy `trusted`, only entries of trusted publishers
 * @throws {NamesError} `PUBLISHER_NOT_TRUSTED` (kind `verification`) under the policy `trusted`
 */
export async function rankPublishers(
  entries: readonly NameIndexEntry[],
  context: RankContext,
): Promise<NameIndexEntry[]> {
  const { policy, name, range, trustedKeys, countSeeders } = context;
  if (policy === "first-seen") return [...entries].sort(firstSeenFirst);
  if (policy === "latest-version") {
    const fitting = range === undefined
      ? entries
      : entries.filter(({ version }) => satisfiesRange(version, range));
    // An entry names only the publisher's latest version. If that version is outside the range, an older
    // version of the publisher may still satisfy the range, so the entry is ranked last instead of being
    // dropped.
    const rest = entries.filter((entry) => !fitting.includes(entry));
    return [...[...fitting].sort(latestFirst), ...rest.sort(latestFirst)];
  }
  if (policy === "trusted") {
    const trusted = entries.filter(({ publicKey }) => trustedKeys.has(toHex(publicKey)));
    if (trusted.length > 0 || entries.length === 0) return trusted.sort(firstSeenFirst);
    throw new NamesError(
      "verification",
      "PUBLISHER_NOT_TRUSTED",
      `${name} is published by ${entries.length} publishers, none of whom is trusted here. ` +
        `A pin of a first use does not count. \`libreseed resolve --all ${name}\` shows ` +
        `them, \`libreseed trust add ${name} KEY\` trusts one`,
    );
  }
  const counted: { entry: NameIndexEntry; seeders: number }[] = [];
  await eachLimited(entries, MAX_COUNTING, undefined, async (entry) => {
    counted.push({ entry, seeders: await countSeeders(entry) });
  });
  return counted
    .sort((a, b) => b.seeders - a.seeders || firstSeenFirst(a.entry, b.entry))
    .map(({ entry }) => entry);
}

function firstSeenFirst(a: NameIndexEntry, b: NameIndexEntry): number {
  return a.firstSeenMs - b.firstSeenMs || (toHex(a.publicKey) < toHex(b.publicKey) ? -1 : 1);
}

function latestFirst(a: NameIndexEntry, b: NameIndexEntry): number {
  const [x, y] = [semver.valid(a.version), semver.valid(b.version)];
  if (x === null || y === null) return x === y ? firstSeenFirst(a, b) : x === null ? 1 : -1;
  return semver.rcompare(x, y) || firstSeenFirst(a, b);
}
