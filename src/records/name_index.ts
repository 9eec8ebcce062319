/**
 * The name index: who publishes under a name. Anybody can write the record, so each entry is signed by
 * the publisher that it names; merging what was found is in `name_index_merge.ts`.
 *
 * An entry's signature is Ed25519 by its publisher over the ASCII text `libreseed:name-index-entry:v1`,
 * a line feed, and the bencoded dictionary of `f` first seen, `k` publisher key, `n` name, `t` time,
 * `v` version. The name is in there, though not in the entry, so that an entry cannot be moved to
 * another name. The day is not, so that an entry can be carried over into the next day's record by
 * anybody.
 *
 * `f` is therefore the publisher's own claim, and unproven: it says since when the publisher has
 * published under this name. A publisher keeps it when it signs a newer entry.
 *
 * @module
 */

import * as v from "valibot";
import { compareBytes, concatBytes, utf8 } from "../base/mod.ts";
import type { BValue } from "../bencode/mod.ts";
import { type Signer, verifySignature } from "../identity/mod.ts";
import { RecordError } from "./errors.ts";
import { bytesOf, check, count, decodeValue, dictionary, text } from "./fields.ts";
import { checkValueSize, encodeValue } from "./item_value.ts";

/** One publisher in the index of a name. */
export interface NameIndexEntry {
  /** The publisher's Ed25519 public key, 32 bytes. */
  publicKey: Uint8Array;
  /** The latest version that the publisher offers, see {@linkcode isEntryVersion}. */
  version: string;
  /** Since when the publisher has published under this name, Unix milliseconds; its own claim. */
  firstSeenMs: number;
  /** When the entry was signed, Unix milliseconds. Never before `firstSeenMs`. */
  timestampMs: number;
  /** The publisher's signature, 64 bytes. */
  signature: Uint8Array;
}

const DOMAIN = "libreseed:name-index-entry:v1\n";
const WHAT = "name index";

/** Longest version in an entry, characters. With it four entries fit into a record, whoever made them. */
const MAX_VERSION_LENGTH = 64;
const IDENTIFIER = "(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)";
const VERSION = new RegExp(
  `^(?:0|[1-9][0-9]*)(?:\\.(?:0|[1-9][0-9]*)){2}(?:-${IDENTIFIER}(?:\\.${IDENTIFIER})*)?$`,
);

/** Whether the text may stand in an entry: semver 2.0.0 without build metadata, at most 64 characters. */
function isEntryVersion(version: string): boolean {
  return version.length <= MAX_VERSION_LENGTH && VERSION.test(version);
}

const listSchema = v.array(v.any(), "not a list");

const version = v.pipe(text, v.check(isEntryVersion, "no version of at most 64 characters"));

const entrySchema = v.pipe(
  dictionary({ f: count, k: bytesOf(32), s: bytesOf(64), t: count, v: version }),
  v.check((entry) => entry.f <= entry.t, "first seen after it was signed"),
);

function signedBytes(name: string, entry: Omit<NameIndexEntry, "signature">): Uint8Array {
  return concatBytes(
    utf8(DOMAIN),
    encodeValue({
      f: entry.firstSeenMs,
      k: entry.publicKey,
      n: name,
      t: entry.timestampMs,
      v: entry.version,
    }),
  );
}

/**
 * Signs a publisher's entry.
 *
 * @param fields `firstSeenMs` comes from the publisher's previous entry, if there is one
 * @throws {RecordError} `BAD_FIELD` for times that are negative, no integers or in the wrong order, or
 * a version that is none or too long
 */
export function signNameIndexEntry(
  signer: Signer,
  name: string,
  fields: Pick<NameIndexEntry, "version" | "firstSeenMs" | "timestampMs">,
): NameIndexEntry {
  const { version, firstSeenMs, timestampMs } = fields;
  if (!isEntryVersion(version) || !(firstSeenMs >= 0) || !(firstSeenMs <= timestampMs)) {
    throw new RecordError(
      "usage",
      "BAD_FIELD",
      `an entry needs a version of at most ${MAX_VERSION_LENGTH} characters and a first-seen time that is not after its own, not ` +
        `${JSON.stringify(version)}, ${firstSeenMs} and ${timestampMs}`,
    );
  }
  const entry = { publicKey: signer.publicKey, version, firstSeenMs, timestampMs };
  return { ...entry, signature: signer.sign(signedBytes(name, entry)) };
}

/** Whether the entry makes sense and was signed by its publisher for this name. Never throws. */
export function verifyNameIndexEntry(name: string, entry: NameIndexEntry): boolean {
  if (!(entry.firstSeenMs <= entry.timestampMs) || !isEntryVersion(entry.version)) return false;
  try {
    return verifySignature(entry.publicKey, signedBytes(name, entry), entry.signature);
  } catch {
    // Some field has no bencoded form, so nobody can have signed it.
    return false;
  }
}

/**
 * The record's value: a bencoded list of dictionaries of `f` first seen, `k` publisher key, `s`
 * signature, `t` time, `v` version, sorted by `k`.
 *
 * Six entries fit into 1,000 bytes as long as their versions have up to 14 characters each, five up to
 * 47: an entry takes 149 bytes and the version as a byte string, the list two.
 *
 * @throws {RecordError} `VALUE_TOO_LARGE`; `mergeNameIndex` gives a list that fits
 */
export function encodeNameIndex(entries: readonly NameIndexEntry[]): Uint8Array<ArrayBuffer> {
  return checkValueSize(encodeValue(indexValue(entries)));
}

/** Size of the value, encoded, whether it fits into an item or not. */
export function nameIndexBytes(entries: readonly NameIndexEntry[]): number {
  return encodeValue(indexValue(entries)).length;
}

function indexValue(entries: readonly NameIndexEntry[]): BValue {
  return [...entries].sort((a, b) => compareBytes(a.publicKey, b.publicKey)).map((entry) => ({
    f: entry.firstSeenMs,
    k: entry.publicKey,
    s: entry.signature,
    t: entry.timestampMs,
    v: entry.version,
  }));
}

/**
 * Reads a value. Signatures are not looked at, and neither is the order.
 *
 * Since anybody may have written it, an entry that is malformed does not spoil the others: it is left
 * out, and `malformed` says for each what was wrong. Unknown keys of an entry are ignored.
 *
 * @throws {RecordError} `BAD_BENCODE`; `BAD_RECORD` if it is not a list
 */
export function decodeNameIndex(
  value: Uint8Array,
): { entries: NameIndexEntry[]; malformed: string[] } {
  const entries: NameIndexEntry[] = [];
  const malformed: string[] = [];
  decodeValue(listSchema, value, WHAT).forEach((member, index) => {
    try {
      const read = check(entrySchema, member, `name index entry (number ${index + 1})`);
      entries.push({
        publicKey: read.k,
        version: read.v,
        firstSeenMs: read.f,
        timestampMs: read.t,
        signature: read.s,
      });
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      malformed.push(error.message);
    }
  });
  return { entries, malformed };
}
