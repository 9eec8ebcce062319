/**
 * The archives that stay good although the key that signed them is revoked: those that this home has
 * published. A thief of the key may have signed what came from the network, with any date, so that has to
 * be named by the user.
 *
 * @module
 */

import { equalBytes, formatCount, fromHex } from "../../base/mod.ts";
import type { GoodArchives, KeyOrder } from "../../keys/mod.ts";
import type { MutableItem, PublisherRecord } from "../../records/mod.ts";
import type { ValidSeedEntry } from "../../store/mod.ts";
import type { KeyRun } from "./key_run.ts";
import type { Network } from "./with_node.ts";

/** A revocation, and what is known before it. */
interface Revocation {
  order: KeyOrder & { do: "revoke" };
  /** The identity, 32 bytes. */
  root: Uint8Array;
  /** The newest publisher record. */
  seen: MutableItem | undefined;
  keyPath: string;
}

/** An archive of this home that the revoked key has signed. */
interface Signed {
  entry: ValidSeedEntry;
  /** Time in the manifest that the revoked key has signed, Unix milliseconds. */
  signedMs: number;
}

/**
 * Finds the archives in the seed directory that the revoked key has signed, also those that another key
 * has signed again since, prints which of them stay good, and returns these with those that are good
 * already. A list that is too long for the record is written into the seed directory.
 */
export async function goodArchives(
  given: KeyRun,
  network: Network,
  { order, root, seen, keyPath }: Revocation,
): Promise<GoodArchives> {
  const { output, io } = given;
  const { parsePublicKey } = await import("../../identity/mod.ts");
  const { decodeItem, decodePublisherRecord, MAX_INLINE_GOOD } = await import(
    "../../records/mod.ts"
  );
  const facts = await io.launcher.keyFacts(keyPath);
  const key = order.key === undefined ? facts.publicKey : parsePublicKey(order.key);
  if (!key) return { hashes: [] };
  const isNamed = named(given.flags.good);
  const kept: ValidSeedEntry[] = [];
  for (const { entry, signedMs } of await signedBy(network, root, key)) {
    const { name, version, minimal } = entry;
    const label = `${name}@${version}`;
    const why = isNamed(label)
      ? undefined
      : signedMs >= (order.sinceMs ?? Infinity)
      ? "is signed after --since"
      : network.listed.isPublishedHere(minimal)
      ? undefined
      : "was not published by this home";
    if (why === undefined) {
      kept.push(entry);
      output.notice(`stays good: ${label} ${minimal.archiveSha256}`);
    } else {
      output.warning(
        `${label} ${why}, so it does not stay good (${minimal.archiveSha256}). If a thief cannot have made ` +
          `it, name it with --good ${label}, or publish the archive again afterwards`,
      );
    }
  }
  const hashes = kept.map(({ minimal }) => fromHex(minimal.archiveSha256.slice("sha256:".length))!);
  const own = facts.record && decodeItem(facts.record);
  const newest = [seen, own].filter((one) => one !== undefined)
    .sort((a, b) => b.seq - a.seq)[0];
  const record = newest && decodePublisherRecord(newest.value);
  const before = record ? await goodBefore(given, network, root, record) : [];
  const all = distinct([...before, ...hashes]);
  output.notice(`kept as good: ${formatCount(all.length, "archive")} of revoked keys`);
  if (all.length <= MAX_INLINE_GOOD && !record?.goodList) return { hashes };
  const { writeGoodList } = await import("../../fetching/mod.ts");
  return { hashes: [], list: await writeGoodList(network.values.dir, root, all) };
}

/** Finds the archives in the seed directory that a key has signed for an identity. */
async function signedBy(
  { seeds, operations }: Network,
  root: Uint8Array,
  key: Uint8Array,
): Promise<Signed[]> {
  const { formatPublicKey } = await import("../../identity/mod.ts");
  const { signingKeyOf } = await import("../../package/mod.ts");
  const identity = formatPublicKey(root);
  const signed: Signed[] = [];
  for (const entry of await seeds.list()) {
    if (entry.problem !== undefined || entry.minimal.pubkey !== identity) continue;
    const signedMs = equalBytes(signingKeyOf(entry.minimal), key)
      ? entry.minimal.timestamp
      : await signedBefore(operations, entry, key);
    if (signedMs !== undefined) signed.push({ entry, signedMs });
  }
  return signed;
}

/**
 * Returns when a key has signed an archive whose manifest is another key's now, Unix milliseconds:
 * `key rotate` signs packages again, and lock files and mirrors still have the manifests before. This
 * home keeps the record of the manifest before. `undefined` if there is none for this archive.
 */
async function signedBefore(
  operations: Pick<Network["operations"], "keptItem">,
  { name, version, minimal }: ValidSeedEntry,
  key: Uint8Array,
): Promise<number | undefined> {
  const { decodeManifestRecord, manifestSalt } = await import("../../records/mod.ts");
  const { formatSha256 } = await import("../../package/mod.ts");
  const salt = manifestSalt(name, version);
  const { item } = await operations.keptItem({ publicKey: key, salt });
  if (!item) return undefined;
  const { archiveSha256, timestampMs } = decodeManifestRecord(item.value);
  return formatSha256(archiveSha256) === minimal.archiveSha256 ? timestampMs : undefined;
}

/** Returns whether `--good` names a package, given as `NAME@VERSION`. */
function named(good: string | undefined): (label: string) => boolean {
  const labels = (good ?? "").split(",").map((one) => one.trim());
  return (label) => labels.includes("all") || labels.includes(label);
}

async function goodBefore(
  { io }: KeyRun,
  { operations, values }: Network,
  root: Uint8Array,
  { good, goodList }: PublisherRecord,
): Promise<Uint8Array[]> {
  if (!goodList) return good ?? [];
  const { fetchGoodList } = await import("../../fetching/mod.ts");
  const { clock, signal } = io;
  const context = {
    operations,
    seedDirectory: values.dir,
    clock,
    timeoutMs: values.timeoutMs,
    signal,
  };
  return await fetchGoodList(context, root, goodList);
}

function distinct(hashes: readonly Uint8Array[]): Uint8Array[] {
  const seen = new Set<string>();
  return hashes.filter((hash) => {
    const start = hash.subarray(0, 16).join();
    return !seen.has(start) && seen.add(start);
  });
}
