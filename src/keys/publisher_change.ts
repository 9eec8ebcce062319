/**
 * Changes of a publisher record: which keys are in force, which are revoked, what stays good. Pure
 * functions; `key_changes.ts` has the results signed.
 *
 * @module
 */

import { compareBytes, equalBytes, isoTime } from "../base/mod.ts";
import { formatPublicKey, type PublicKey } from "../identity/mod.ts";
import {
  decodePublisherRecord,
  GOOD_HASH_BYTES,
  MAX_INLINE_GOOD,
  MAX_REVOKED_KEYS,
  MAX_SIGNING_KEYS,
  type MutableItem,
  type PublisherRecord,
  type RevokedKey,
  type SigningKey,
} from "../records/mod.ts";
import { KeysError } from "./errors.ts";

/** A publisher record with its sequence number. */
export interface NumberedRecord {
  record: PublisherRecord;
  seq: number;
}

/** The archives that stay good after a revocation. */
export interface GoodArchives {
  /** First 16 bytes of the SHA-256 of each archive, at most 16. */
  hashes: readonly Uint8Array[];
  /** Infohash of the torrent with all hashes, 20 bytes, if they are too many for the record. */
  list?: Uint8Array;
}

/** The record of an identity that has no keys. */
export const EMPTY_RECORD: PublisherRecord = {
  timestampMs: 0,
  signingKeys: [],
  revokedKeys: [],
};

/**
 * Merges the records of one identity: the newest counts, and of two with one sequence number the one
 * whose value has the greater bytes. Revocations of the others are added, because none is ever taken
 * back.
 *
 * @param items verified items with the identity's publisher record
 */
export function newestRecord(items: readonly MutableItem[]): NumberedRecord | undefined {
  const sorted = [...items].sort((a, b) => b.seq - a.seq || compareBytes(b.value, a.value));
  const [newest, ...others] = sorted.map((item) => decodePublisherRecord(item.value));
  if (!newest) return undefined;
  const revokedKeys = [...newest.revokedKeys];
  for (const one of others.flatMap((record) => record.revokedKeys)) {
    if (!has(revokedKeys, one.key)) revokedKeys.push(one);
  }
  const signingKeys = newest.signingKeys.filter(({ key }) => !has(revokedKeys, key));
  return { record: { ...newest, signingKeys, revokedKeys }, seq: sorted[0]!.seq };
}

/**
 * Adds a certified key, or replaces its certificate.
 *
 * @param isOwn whether the key is the publisher's own, which the record names first
 * @throws {KeysError} `KEY_CHANGE_INVALID` for a revoked key, and if five keys are in force
 */
export function withKey(
  record: PublisherRecord,
  added: SigningKey,
  nowMs: number,
  isOwn: boolean,
): PublisherRecord {
  const revoked = record.revokedKeys.find(({ key }) => equalBytes(key, added.key));
  if (revoked) {
    const { reason, sinceMs } = revoked;
    throw invalid(
      `The key ${formatPublicKey(added.key)} was revoked${reason ? ` (${reason})` : ""} since ` +
        `${isoTime(sinceMs)}, and a revocation is not taken back. Certify another key`,
    );
  }
  const others = record.signingKeys.filter(({ key }) => !equalBytes(key, added.key));
  const signingKeys = isOwn ? [added, ...others] : [...others, added];
  if (signingKeys.length > MAX_SIGNING_KEYS) removeExpired(signingKeys, nowMs);
  if (signingKeys.length > MAX_SIGNING_KEYS) {
    throw invalid(
      `${MAX_SIGNING_KEYS} keys sign for this identity, and a record holds no more. Revoke one, or ` +
        "certify keys for some time only (--until)",
    );
  }
  return { ...record, signingKeys };
}

/** Removes expired keys, the first expired first, until the keys fit into a record. */
function removeExpired(keys: SigningKey[], nowMs: number): void {
  const ends = ({ untilMs = Infinity }: SigningKey) => untilMs;
  const expired = keys.filter((one) => ends(one) <= nowMs).sort((a, b) => ends(a) - ends(b));
  for (const one of expired) {
    if (keys.length <= MAX_SIGNING_KEYS) return;
    keys.splice(keys.indexOf(one), 1);
  }
}

/** Ends the time in which a key may sign. What it has signed before stays good. */
export function withKeyEnded(
  record: PublisherRecord,
  key: PublicKey,
  nowMs: number,
): PublisherRecord {
  const signingKeys = record.signingKeys.map((one) => {
    if (!equalBytes(one.key, key) || (one.untilMs ?? Infinity) <= nowMs) return one;
    return { ...one, untilMs: Math.max(nowMs, one.fromMs) };
  });
  return { ...record, signingKeys };
}

/**
 * Revokes a key, and adds the archives that stay good.
 *
 * @throws {KeysError} `KEY_CHANGE_INVALID` for a key that is revoked already, for the ninth revoked
 * key, and for more good archives than a record holds without a list of them
 */
export function withRevocation(
  record: PublisherRecord,
  revoked: RevokedKey,
  good: GoodArchives,
): PublisherRecord {
  if (has(record.revokedKeys, revoked.key)) {
    throw invalid(`The key ${formatPublicKey(revoked.key)} is revoked already`);
  }
  const revokedKeys = [revoked, ...record.revokedKeys];
  if (revokedKeys.length > MAX_REVOKED_KEYS) {
    throw invalid(
      `${MAX_REVOKED_KEYS} keys of this identity are revoked, and a record holds no more. Make a new ` +
        "identity, and tell the people who use your packages",
    );
  }
  const { good: before, goodList: listBefore, ...rest } = record;
  const signingKeys = record.signingKeys.filter(({ key }) => !equalBytes(key, revoked.key));
  const changed = { ...rest, signingKeys, revokedKeys };
  if (good.list) return { ...changed, goodList: good.list };
  if (listBefore) {
    if (good.hashes.length === 0) return { ...changed, goodList: listBefore };
    throw invalid("The list of good archives lies in a torrent, which has to be made anew");
  }
  const hashes = [...(before ?? []), ...good.hashes.map((hash) => hash.slice(0, GOOD_HASH_BYTES))]
    .sort(compareBytes)
    .filter((hash, at, all) => at === 0 || !equalBytes(hash, all[at - 1]!));
  if (hashes.length > MAX_INLINE_GOOD) {
    throw invalid(`${hashes.length} archives stay good, and a record holds ${MAX_INLINE_GOOD}`);
  }
  return hashes.length === 0 ? changed : { ...changed, good: hashes };
}

function has(keys: readonly { key: Uint8Array }[], key: Uint8Array): boolean {
  return keys.some((one) => equalBytes(one.key, key));
}

function invalid(message: string): KeysError {
  return new KeysError("failed", "KEY_CHANGE_INVALID", message);
}
