/**
 * Adds a publisher to the index of a package's name, so that readers find the package without the
 * publisher's key.
 *
 * @module
 */

import { equalBytes, LibreseedError } from "../base/mod.ts";
import { isNetworkError } from "../fetching/mod.ts";
import { identityOf, type Signer } from "../identity/mod.ts";
import { entryToSign, hasPossibleTimes, indexReader, readName, unrevoked } from "../names/mod.ts";
import { type NameIndexEntry, nameIndexSlot } from "../records/mod.ts";
import type { PublisherContext } from "./context.ts";

/**
 * Writes the publisher's entry, with its latest version that is not yanked, into the index of a name.
 * This home also keeps the entry, since other publishers may displace the entry from the index. The
 * publisher must not lose its first-seen time then.
 *
 * A slot that is locked or full keeps the publisher out of the index. Readers then find the name at its
 * rendezvous, so that is no failure if a daemon runs, which can be met there.
 *
 * @returns whether the index contains the publisher; otherwise `onWarning` or `onNotice` was called with the
 * reason
 */
export async function updateNameIndex(
  given: PublisherContext,
  keys: Signer,
  { name, version }: { name: string; version: string },
): Promise<boolean> {
  const { operations, clock, signal, isOffline, onWarning, ...context } = given;
  const nowMs = clock.now();
  const identity = identityOf(keys);
  try {
    const kept = await operations.nameEntry({ name, publicKey: identity });
    const isOwn = ({ publicKey }: NameIndexEntry) => equalBytes(publicKey, identity);
    const { entries } = isOffline
      ? { entries: [] }
      : await readName(indexReader(operations), operations, name, {
        ...{ clock, signal, slots: [nameIndexSlot(identity)] },
        // Another machine of the publisher may have the entry of an index that a vandal has locked.
        suffices: (entries) => kept.entry !== undefined || entries.some(isOwn),
      }).catch((error) => {
        // Without the network, the entry is signed and kept without reading the index.
        if (isNetworkError(error)) return { entries: [] };
        throw error;
      });
    const own = entries.filter(isOwn);
    if (kept.entry) own.push(kept.entry);
    // An entry by a revoked key says nothing about versions, but it has to be displaced.
    const known = unrevoked(own, context.trust);
    const displaced = own.filter((one) => hasPossibleTimes(one, nowMs) && !known.includes(one));
    const afterMs = Math.max(0, ...displaced.map(({ timestampMs }) => timestampMs + 1));
    // The publisher has had the name since then, whichever of its keys said so.
    const sinceMs = Math.min(Infinity, ...displaced.map(({ firstSeenMs }) => firstSeenMs));
    const yanked = context.listed?.seenFlags(identity, name).yanked;
    const entry = await entryToSign(keys, name, version, known, nowMs, {
      isOffered: (one) => !yanked?.has(one),
      afterMs,
      sinceMs,
    });
    const { outcome, listed } = await operations.indexName(
      { name, entry, later: isOffline },
      { signal },
    );
    if (outcome.holding > 0 && listed) return true;
    if (outcome.holding === 0) onWarning?.(`no node took the index of ${name}`);
    else {
      await tellHidden(
        given,
        name,
        `the index of ${name} is full of publishers with earlier first-seen times`,
      );
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof LibreseedError)) throw error;
    if (error.code === "NAME_INDEX_LOCKED") {
      const why = `the slot of this publisher in the index of ${name} is locked`;
      await tellHidden(given, name, why);
      return false;
    }
    // A warning suffices, since readers can still find the package by the publisher's key.
    onWarning?.(`${name} is not in the index of its name yet: ${error.message}`);
  }
  return false;
}

/** Tells how readers find a name whose index does not have the publisher. */
async function tellHidden(
  { operations, onWarning, onNotice }: PublisherContext,
  name: string,
  why: string,
): Promise<void> {
  const { daemon } = await operations.status();
  if (daemon) {
    return onNotice?.(
      `${why}: readers find ${name} at its rendezvous, as long as this daemon or a mirror's runs`,
    );
  }
  onWarning?.(
    `${why}: readers find ${name} by its name only while a daemon (\`libreseed seed\`) of the publisher or ` +
      "of a mirror runs, and by the publisher's key",
  );
}
