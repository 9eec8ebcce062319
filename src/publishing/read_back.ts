/**
 * Reads a published package back from the DHT in the same way as a reader. Nodes that accepted a put do not
 * prove that readers find the package.
 *
 * @module
 */

import { type Clock, equalBytes, isOfFuture, isoTime, LibreseedError } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import { type FindOptions, findRecord, minimalOf, retryLookup } from "../fetching/mod.ts";
import { parsePublicKey } from "../identity/mod.ts";
import { indexReader, readNameIndex } from "../names/mod.ts";
import { type MinimalManifest, signingKeyOf } from "../package/mod.ts";
import { manifestSalt, nameIndexSlot } from "../records/mod.ts";

/** Time limit for reading back a record that was just put (ms). */
const PATIENCE_MS = 5_000;

/** The dependencies of reading a published package back from the DHT. */
export interface ReadBackContext {
  operations: Operations;
  clock: Clock;
  signal?: AbortSignal;
}

/**
 * Reads the manifest record of a package, and the publisher's entry in the index of the package's name.
 *
 * @param isIndexed whether the entry was written; if not, only the manifest record is read
 * @returns messages about the problems that readers would have, with advice; empty if there are none
 */
export async function readBack(
  { operations, clock, signal }: ReadBackContext,
  minimal: MinimalManifest,
  isIndexed: boolean,
): Promise<string[]> {
  const finding = { clock, timeoutMs: PATIENCE_MS, signal };
  const read = [
    readManifest(operations, minimal, finding),
    ...(isIndexed ? [readEntry(operations, minimal, finding)] : []),
  ];
  const problems = await Promise.all(read.map(async (one) => {
    try {
      return await one;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof LibreseedError)) throw error;
      return `${labelOf(minimal)} could not be read back: ${error.message}. ${PUT_AGAIN}`;
    }
  }));
  return problems.filter((problem) => problem !== undefined);
}

const PUT_AGAIN = "`libreseed announce` puts it again";
const PUBLISH_AGAIN = "set the clock (timedatectl set-ntp true) and run `libreseed publish` again";

async function readManifest(
  operations: Operations,
  minimal: MinimalManifest,
  finding: FindOptions,
): Promise<string | undefined> {
  const { name, version } = minimal;
  const key = { publicKey: signingKeyOf(minimal), salt: manifestSalt(name, version) };
  const { item } = await findRecord(operations, key, labelOf(minimal), finding);
  const found = minimalOf(item, { name, version });
  if (found.archiveSha256 !== minimal.archiveSha256) {
    return `the DHT shows another archive under ${labelOf(minimal)} ` +
      `(${found.archiveSha256}) than was published (${minimal.archiveSha256}): ` +
      `another machine has published it. Give it a new version`;
  }
  if (!isOfFuture(found.timestamp, finding.clock.now())) return undefined;
  return `the record of ${labelOf(minimal)} is dated ${isoTime(found.timestamp)}: ${PUBLISH_AGAIN}`;
}

async function readEntry(
  operations: Operations,
  { name, pubkey }: MinimalManifest,
  finding: FindOptions,
): Promise<string | undefined> {
  const publicKey = parsePublicKey(pubkey);
  const { clock, signal } = finding;
  const slots = [nameIndexSlot(publicKey)];
  const isOurs = (entry: { publicKey: Uint8Array }) => equalBytes(entry.publicKey, publicKey);
  const { outcome: index } = await retryLookup(
    () => readNameIndex(indexReader(operations), name, clock, signal, slots),
    ({ entries }) => entries.some(isOurs),
    finding,
  );
  if (index.entries.some(isOurs)) return undefined;
  const dropped = index.dropped.find((one) => one.includes(pubkey));
  return `readers do not find ${name} by its name: ${
    dropped === undefined
      ? `its index does not show this publisher. ${PUT_AGAIN}`
      : `they leave out the ${dropped}. If the clock was wrong, ${PUBLISH_AGAIN}`
  }`;
}

function labelOf({ name, version }: MinimalManifest): string {
  return `${name}@${version}`;
}
