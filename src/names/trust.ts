/**
 * Whose package a bare name means. A name is no proof of anything: the first publisher that was
 * chosen for it is pinned, and another one later is refused until a person says otherwise.
 *
 * @module
 */

import semver from "semver";
import { equalBytes, toHex } from "../base/mod.ts";
import type { PublisherPolicy } from "../config/mod.ts";
import { fits } from "../fetching/mod.ts";
import { fingerprint, formatPublicKey } from "../identity/mod.ts";
import type { NameIndexEntry } from "../records/mod.ts";
import type { Pin } from "../store/mod.ts";
import { NamesError } from "./errors.ts";

/** What a choice is made from. */
export interface TrustContext {
  name: string;
  range?: string;
  policy: PublisherPolicy;
  /** Pins of this name, the oldest first. */
  pins: readonly Pin[];
  /** Keys that a person trusted, for whatever name, hexadecimal. */
  trustedKeys: ReadonlySet<string>;
  /** How many seed the latest version of an entry's publisher; asked by the policy `seeders` only. */
  countSeeders: (entry: NameIndexEntry) => Promise<number>;
}

/**
 * Chooses a publisher among those in the name's index.
 *
 * @returns the best first; whoever resolves tries them in this order
 * @throws {NamesError} `PUBLISHER_NOT_TRUSTED` (kind `verification`) under the policy `trusted`
 */
export async function rankPublishers(
  entries: readonly NameIndexEntry[],
  context: TrustContext,
): Promise<NameIndexEntry[]> {
  const { policy, name, range, trustedKeys, countSeeders } = context;
  if (policy === "first-seen") return [...entries].sort(firstSeenFirst);
  if (policy === "latest-version") {
    const fitting = range === undefined
      ? entries
      : entries.filter(({ version }) => fits(version, range));
    // The entry names the latest version only; an older one of another publisher may satisfy too.
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
        `A pin that came with a first use does not count. \`libreseed resolve --all ${name}\` shows ` +
        `them, \`libreseed trust add ${name} KEY\` trusts one`,
    );
  }
  const counted = await Promise.all(
    entries.map(async (entry) => ({ entry, seeders: await countSeeders(entry) })),
  );
  return counted
    .sort((a, b) => b.seeders - a.seeders || firstSeenFirst(a.entry, b.entry))
    .map(({ entry }) => entry);
}

/**
 * Refuses a publisher other than the pinned ones.
 *
 * @throws {NamesError} `PUBLISHER_CHANGED` (kind `verification`)
 */
export function checkPin(name: string, publicKey: Uint8Array, pins: readonly Pin[]): void {
  if (pins.length === 0 || pins.some((pin) => equalBytes(pin.publicKey, publicKey))) return;
  const [pin] = pins;
  const since = new Date(pin!.firstSeenMs).toISOString().slice(0, 10);
  const before = formatPublicKey(pin!.publicKey);
  const now = formatPublicKey(publicKey);
  throw new NamesError(
    "verification",
    "PUBLISHER_CHANGED",
    `${name} came from another publisher until now.\n` +
      `  pinned ${since}: ${before} (${fingerprint(pin!.publicKey)})\n` +
      `  offered now:       ${now} (${fingerprint(publicKey)})\n` +
      `If its publisher told you of the new key, accept it: libreseed trust add ${name} ${now}`,
    { detail: { name, pinned: before, offered: now } },
  );
}

function firstSeenFirst(a: NameIndexEntry, b: NameIndexEntry): number {
  return a.firstSeenMs - b.firstSeenMs || (toHex(a.publicKey) < toHex(b.publicKey) ? -1 : 1);
}

function latestFirst(a: NameIndexEntry, b: NameIndexEntry): number {
  const [x, y] = [semver.valid(a.version), semver.valid(b.version)];
  if (x === null || y === null) return x === y ? firstSeenFirst(a, b) : x === null ? 1 : -1;
  return semver.rcompare(x, y) || firstSeenFirst(a, b);
}
