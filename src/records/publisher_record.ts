/**
 * The publisher record: the DHT record that lies under a publisher's root key. It lists the keys that
 * sign for the publisher now, the keys that it has revoked, and the archives that stay good although
 * a revoked key has signed them.
 *
 * The root key signs the record, so whoever has stolen a signing key cannot write it.
 *
 * @module
 */

import * as v from "valibot";
import type { BValue } from "../bencode/mod.ts";
import { compareBytes, concatBytes, utf8 } from "../base/mod.ts";
import type { Certificate } from "../identity/mod.ts";
import { certificateOfRecord, limitEntries, readLimits } from "./certificate_value.ts";
import { RecordError } from "./errors.ts";
import { badRecord, bytesOf, count, decodeValue, dictionary, readable, text } from "./fields.ts";
import { checkValueSize, encodeValue } from "./item_value.ts";

/** Maximum number of keys that sign for a publisher at the same time. */
export const MAX_SIGNING_KEYS = 5;
/** Maximum number of revoked keys in a record. */
export const MAX_REVOKED_KEYS = 8;
/** Maximum length of the reason of a revocation, bytes of UTF-8. */
export const MAX_REASON_BYTES = 64;
/** Length of an archive's hash in the list of good archives: the first bytes of its SHA-256. */
export const GOOD_HASH_BYTES = 16;
/** Maximum number of good archives in the record itself; a longer list is a torrent. */
export const MAX_INLINE_GOOD = 16;

/** A key that signs for a publisher. The root key's signature of the record covers it. */
export type SigningKey = Pick<Certificate, "key" | "fromMs" | "untilMs" | "names">;

/** A key whose signatures count no more. */
export interface RevokedKey {
  /** Ed25519 public key, 32 bytes. */
  key: Uint8Array;
  /**
   * Time since which the key is in wrong hands, Unix milliseconds, as the publisher says. For people:
   * what the key has signed before is refused too, unless it is in the list of good archives, because
   * a thief chooses the times of what it signs.
   */
  sinceMs: number;
  /** Reason of the revocation, at most 64 bytes of UTF-8. The text is untrusted. */
  reason?: string;
}

/** A decoded publisher record. */
export interface PublisherRecord {
  /** Time of signing, Unix milliseconds. */
  timestampMs: number;
  /** The keys in force, at most 5; the publisher's own first. */
  signingKeys: SigningKey[];
  /** The revoked keys, at most 8. */
  revokedKeys: RevokedKey[];
  /**
   * First 16 bytes of the SHA-256 of each archive that stays good, at most 16, in ascending order;
   * absent if there are none or `goodList` names them.
   */
  good?: Uint8Array[];
  /** Infohash of the torrent with the list of good archives, 20 bytes, if it is too long for the record. */
  goodList?: Uint8Array;
}

const WHAT = "publisher record";

const revokedKey = dictionary({
  k: bytesOf(32),
  t: count,
  w: v.optional(
    v.pipe(text, v.check((one) => utf8(one).length <= MAX_REASON_BYTES, "longer than 64 bytes")),
  ),
});

const schema = v.pipe(
  dictionary({
    c: v.pipe(
      v.array(certificateOfRecord, "not a list"),
      v.maxLength(MAX_SIGNING_KEYS, `more than ${MAX_SIGNING_KEYS} keys`),
    ),
    g: v.optional(v.pipe(
      v.instance(Uint8Array, "not a byte string"),
      v.check((bytes) => isGoodList(bytes), "not a sorted list of hashes"),
      v.check((bytes) => bytes.length <= MAX_INLINE_GOOD * GOOD_HASH_BYTES, "too many hashes"),
    )),
    ih: v.optional(bytesOf(20)),
    r: v.optional(v.pipe(
      v.array(revokedKey, "not a list"),
      v.maxLength(MAX_REVOKED_KEYS, `more than ${MAX_REVOKED_KEYS} keys`),
    )),
    t: count,
  }),
  v.check((record) => !(record.g && record.ih), "two lists of good archives"),
);

/**
 * Encodes a publisher record as a bencoded dictionary of `c` keys in force, `g` good archives, `ih`
 * infohash of their list, `r` revoked keys, `t` time.
 *
 * @throws {RecordError} `VALUE_TOO_LARGE` if names and reasons take it over 1,000 bytes; `BAD_FIELD`,
 * also if one key is in force and revoked, or is listed twice
 */
export function encodePublisherRecord(record: PublisherRecord): Uint8Array<ArrayBuffer> {
  const { timestampMs, signingKeys, revokedKeys, good, goodList } = record;
  const problem = contradictionIn(record);
  if (problem !== undefined) {
    throw new RecordError("usage", "BAD_FIELD", `cannot write this ${WHAT}: ${problem}`);
  }
  const value: Record<string, BValue> = {
    c: signingKeys.map((one) => ({ ...limitEntries(one), k: one.key })),
    t: timestampMs,
    ...(good && good.length > 0 && { g: encodeGoodList(good) }),
    ...(goodList && { ih: goodList }),
    ...(revokedKeys.length > 0 && {
      r: revokedKeys.map(({ key, sinceMs, reason }) => ({
        k: key,
        t: sinceMs,
        ...(reason !== undefined && { w: reason }),
      })),
    }),
  };
  return readable(checkValueSize(encodeValue(value)), schema, WHAT);
}

/**
 * Decodes a publisher record. Unknown keys are ignored.
 *
 * @throws {RecordError} `BAD_BENCODE`, `BAD_RECORD`, also if one key is in force and revoked, or is
 * listed twice
 */
export function decodePublisherRecord(value: Uint8Array): PublisherRecord {
  const read = decodeValue(schema, value, WHAT);
  const record: PublisherRecord = {
    timestampMs: read.t,
    signingKeys: read.c.map((one) => ({ key: one.k, ...readLimits(one) })),
    revokedKeys: (read.r ?? []).map(({ k, t, w }) => ({
      key: k,
      sinceMs: t,
      ...(w !== undefined && { reason: w }),
    })),
    ...(read.g && { good: decodeGoodList(read.g) }),
    ...(read.ih && { goodList: read.ih }),
  };
  const problem = contradictionIn(record);
  if (problem !== undefined) throw badRecord(WHAT, problem);
  return record;
}

/** Returns why the keys of a record contradict each other; `undefined` if they do not. */
function contradictionIn(
  { signingKeys, revokedKeys }: Pick<PublisherRecord, "signingKeys" | "revokedKeys">,
): string | undefined {
  const keys = [...signingKeys, ...revokedKeys].map(({ key }) => key).sort(compareBytes);
  return keys.some((key, i) => i > 0 && compareBytes(keys[i - 1]!, key) === 0)
    ? "it names a key twice"
    : undefined;
}

/**
 * Encodes a list of good archives: the first 16 bytes of their SHA-256, in ascending order, one after
 * the other. The torrent of a long list has these bytes as its one file.
 *
 * @param hashes SHA-256 of archives, 32 bytes or their first 16, in any order
 */
export function encodeGoodList(hashes: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const sorted = hashes.map((hash) => hash.subarray(0, GOOD_HASH_BYTES)).sort(compareBytes);
  return concatBytes(
    ...sorted.filter((hash, i) => i === 0 || compareBytes(sorted[i - 1]!, hash) !== 0),
  );
}

/** Whether bytes are a list as {@linkcode encodeGoodList} writes it, of at least one archive. */
export function isGoodList(bytes: Uint8Array): boolean {
  if (bytes.length === 0 || bytes.length % GOOD_HASH_BYTES !== 0) return false;
  for (let at = GOOD_HASH_BYTES; at < bytes.length; at += GOOD_HASH_BYTES) {
    const [before, here] = [at - GOOD_HASH_BYTES, at].map((from) =>
      bytes.subarray(from, from + GOOD_HASH_BYTES)
    );
    if (compareBytes(before!, here!) >= 0) return false;
  }
  return true;
}

/** Returns the hashes in a list for which {@linkcode isGoodList} holds, 16 bytes each. */
export function decodeGoodList(bytes: Uint8Array): Uint8Array[] {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += GOOD_HASH_BYTES) {
    hashes.push(bytes.slice(at, at + GOOD_HASH_BYTES));
  }
  return hashes;
}
