/**
 * Lists a publisher in the index of a package's name, so that readers find the package without its key.
 *
 * @module
 */

import { equalBytes, LibreseedError } from "../base/mod.ts";
import { isNetworkError } from "../fetching/mod.ts";
import type { Signer } from "../identity/mod.ts";
import { entryToSign, indexReader, readNameIndex } from "../names/mod.ts";
import { nameIndexSlot } from "../records/mod.ts";
import type { PublisherContext } from "./context.ts";

/**
 * Writes the publisher's entry, with its latest version, into the index of a name. This home keeps the
 * entry, since other publishers may displace it and its first-seen time must survive that.
 *
 * @returns whether the index lists the publisher; if not, `onWarning` received the reason
 */
export async function updateNameIndex(
  { operations, clock, signal, isOffline, onWarning }: PublisherContext,
  keys: Signer,
  { name, version }: { name: string; version: string },
): Promise<boolean> {
  const nowMs = clock.now();
  try {
    const { entries } = isOffline
      ? { entries: [] }
      : await readNameIndex(indexReader(operations), name, clock, signal, [
        nameIndexSlot(keys.publicKey),
      ]).catch((error) => {
        // Without the network the entry is still signed and kept.
        if (isNetworkError(error)) return { entries: [] };
        throw error;
      });
    const kept = await operations.nameEntry({ name, publicKey: keys.publicKey });
    const known = entries.filter(({ publicKey }) => equalBytes(publicKey, keys.publicKey));
    if (kept.entry) known.push(kept.entry);
    const entry = entryToSign(keys, name, version, known, nowMs);
    const { outcome, listed } = await operations.indexName(
      { name, entry, later: isOffline },
      { signal },
    );
    if (outcome.holding > 0 && listed) return true;
    if (outcome.holding === 0) onWarning?.(`no node took the index of ${name}`);
    else {
      onWarning?.(
        `the index of ${name} is full of publishers with earlier first-seen times; the package is found by its publisher's key all the same`,
      );
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof LibreseedError)) throw error;
    // Only a warning, since the package is found by its publisher's key.
    onWarning?.(`${name} is not in the index of its name yet: ${error.message}`);
  }
  return false;
}
