/**
 * Finds out when versions were signed, for a list of many versions. The date is in the signed manifest, so
 * it is the claim of its signer.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import { manifestSalt, type SigningKey } from "../records/mod.ts";
import type { Trust } from "../trust/mod.ts";
import type { FindOptions } from "./find_record.ts";
import { minimalOf } from "./manifest_record.ts";
import { lookUpRecord } from "./record_lookup.ts";

/** A version whose date is wanted. */
export interface UndatedVersion {
  version: string;
  /** The key under which the version's manifest record lies. */
  key: SigningKey;
}

/**
 * Looks up the manifest records of versions, all at the same time. A lookup ends at the first node that
 * shows a manifest which this home accepts: a newer record of the same version has the same date. A version
 * whose record is not found in time is left out.
 *
 * @param named the publisher's identity (32 bytes), and the name of the package
 * @returns times of signing by version, Unix milliseconds
 */
export async function datesInRecords(
  operations: Pick<Operations, "lookUp">,
  trust: Trust,
  named: { publicKey: Uint8Array; name: string },
  versions: readonly UndatedVersion[],
  { clock, timeoutMs, signal }: FindOptions,
): Promise<Map<string, number>> {
  const { publicKey, name } = named;
  const dates = new Map<string, number>();
  const publisher = formatPublicKey(publicKey);
  const late = new AbortController();
  const timer = clock.after(timeoutMs, () => late.abort());
  const lookUp = async ({ version, key }: UndatedVersion) => {
    const found = new AbortController();
    const signals = [found.signal, late.signal, ...(signal ? [signal] : [])];
    const wanted = { publicKey: key.key, salt: manifestSalt(name, version) };
    await lookUpRecord(operations, wanted, AbortSignal.any(signals), (item) => {
      const minimal = minimalOf(item, { name, version });
      if (minimal.pubkey !== publisher || !trust.accepts(minimal)) return;
      dates.set(version, minimal.timestamp);
      found.abort();
    }).catch((error) => {
      const isOver = found.signal.aborted || late.signal.aborted || signal?.aborted;
      if (!isOver && !(error instanceof LibreseedError)) throw error;
    });
  };
  try {
    await Promise.all(versions.map(lookUp));
  } finally {
    timer.cancel();
  }
  signal?.throwIfAborted();
  return dates;
}
