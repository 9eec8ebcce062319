/**
 * The name index: a DHT record that lists the publishers of a package name. The private key of the
 * record is public, so anybody can write the record; each entry is therefore signed by its
 * publisher. `name_index_merge.ts` merges several versions of the record.
 *
 * The signature of an entry is Ed25519 over the ASCII text `libreseed:name-index-entry:v1` (`v2` if a
 * certified key signs), a line feed, and the bencoded dictionary of `f` first seen, `k` publisher key, `n`
 * name, `t` time, `v` version. The signature covers the name, which the entry itself does not contain, so
 * an entry cannot be copied to the index of another name. The signature does not cover the day, so anybody
 * can copy an entry into the record of the next day.
 *
 * `f` is the time since which the publisher has published under this name. It is the publisher's
 * own claim and unproven. A publisher keeps `f` when it signs a newer entry.
 *
 * @module
 */

import * as v from "valibot";
import { compareBytes } from "../base/mod.ts";
import type { BDecoded, BValue } from "../bencode/mod.ts";
import {
  type Certificate,
  coversName,
  coversTime,
  identityOf,
  type Signer,
  statementBytes,
  verifyCertificate,
  verifySignature,
} from "../identity/mod.ts";
import { certificateBesideRoot, limitEntries, readLimits } from "./certificate_value.ts";
import { RecordError } from "./errors.ts";
import { bytesOf, check, count, decodeValue, dictionary, text } from "./fields.ts";
import { checkValueSize, encodeValue } from "./item_value.ts";

/** Entry of one publisher in the index of a package name. */
export interface NameIndexEntry {
  /** The publisher's identity, 32 bytes: the Ed25519 public key of its root, or its only key. */
  publicKey: Uint8Array;
  /** Certificate of the key that signed the entry; absent if the identity itself did. */
  certificate?: Certificate;
  /** The latest version of the package that the publisher offers; see {@linkcode isEntryVersion}. */
  version: string;
  /**
   * Time since which the publisher has published under this name, Unix milliseconds. It is the
   * publisher's unproven claim.
   */
  firstSeenMs: number;
  /** Time at which the entry was signed, Unix milliseconds; not before `firstSeenMs`. */
  timestampMs: number;
  /** Signature of this entry by the certified key, or by the identity, 64 bytes. */
  signature: Uint8Array;
}

const WHAT = "name index";

/**
 * Maximum length of the version in an entry, characters. At this length, four entries fit into a
 * record.
 */
const MAX_VERSION_LENGTH = 64;
const IDENTIFIER = "(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)";
const VERSION = new RegExp(
  `^(?:0|[1-9][0-9]*)(?:\\.(?:0|[1-9][0-9]*)){2}(?:-${IDENTIFIER}(?:\\.${IDENTIFIER})*)?$`,
);

/**
 * Whether a version is valid in an entry: semver 2.0.0 without build metadata, at most 64
 * characters.
 */
function isEntryVersion(version: string): boolean {
  return version.length <= MAX_VERSION_LENGTH && VERSION.test(version);
}

const listSchema = v.array(v.any(), "not a list");

const version = v.pipe(text, v.check(isEntryVersion, "no version of at most 64 characters"));

const entrySchema = v.pipe(
  dictionary({
    c: v.optional(certificateBesideRoot),
    f: count,
    k: bytesOf(32),
    s: bytesOf(64),
    t: count,
    v: version,
  }),
  v.check((entry) => entry.f <= entry.t, "first seen after it was signed"),
);

/**
 * Signs an entry of a name index.
 *
 * @param fields `firstSeenMs` comes from the publisher's previous entry, if there is one
 * @throws {RecordError} `BAD_FIELD` if a time is negative or not an integer, if the times are in
 * the wrong order, or if the version is invalid or too long
 */
export async function signNameIndexEntry(
  signer: Signer,
  name: string,
  fields: Pick<NameIndexEntry, "version" | "firstSeenMs" | "timestampMs">,
): Promise<NameIndexEntry> {
  const { version, firstSeenMs, timestampMs } = fields;
  const areTimes = [firstSeenMs, timestampMs].every(Number.isSafeInteger) && firstSeenMs >= 0;
  if (!isEntryVersion(version) || !areTimes || firstSeenMs > timestampMs) {
    throw new RecordError(
      "usage",
      "BAD_FIELD",
      `an entry needs a version of at most ${MAX_VERSION_LENGTH} characters and a first-seen time that is not after its own, not ` +
        `${JSON.stringify(version)}, ${firstSeenMs} and ${timestampMs}`,
    );
  }
  const entry = { version, firstSeenMs, timestampMs };
  const { certificate } = signer;
  const identity = identityOf(signer);
  const signature = await signer.sign({
    kind: "name entry",
    ...(certificate && { identity }),
    name,
    ...entry,
  });
  return { publicKey: identity, ...(certificate && { certificate }), ...entry, signature };
}

/**
 * Whether an entry is consistent and has a valid signature for this name, by its publisher or by a key
 * that this has certified for the name and the entry's time. Never throws.
 */
export function verifyNameIndexEntry(name: string, entry: NameIndexEntry): boolean {
  if (!(entry.firstSeenMs <= entry.timestampMs) || !isEntryVersion(entry.version)) return false;
  const { publicKey, certificate, version, firstSeenMs, timestampMs, signature } = entry;
  const fields = { kind: "name entry", name, version, firstSeenMs, timestampMs } as const;
  try {
    if (!certificate) {
      return verifySignature(publicKey, statementBytes(fields, publicKey), signature);
    }
    const statement = { ...fields, identity: publicKey };
    return verifySignature(
      certificate.key,
      statementBytes(statement, certificate.key),
      signature,
    ) &&
      compareBytes(certificate.root, publicKey) === 0 && verifyCertificate(certificate) &&
      coversName(certificate, name) && coversTime(certificate, timestampMs);
  } catch {
    // No signer signs a statement with such a field, so the signature is invalid.
    return false;
  }
}

/**
 * Encodes a name index as a bencoded list of dictionaries of `c` certificate, if there is one, `f`
 * first seen, `k` publisher key, `s`
 * signature, `t` time, `v` version, sorted by `k`.
 *
 * An entry takes 149 bytes plus its version as a byte string; the list takes 2 bytes. So 1,000
 * bytes hold six entries with versions of up to 14 characters, or five with up to 47. A certificate
 * takes 130 bytes, 18 more with an end, and its names.
 *
 * @throws {RecordError} `VALUE_TOO_LARGE`; `mergeNameIndex` returns a list that fits
 */
export function encodeNameIndex(entries: readonly NameIndexEntry[]): Uint8Array<ArrayBuffer> {
  return checkValueSize(encodeValue(indexValue(entries)));
}

/** Returns the encoded length of a name index, bytes, even if it exceeds the maximum of an item. */
export function nameIndexBytes(entries: readonly NameIndexEntry[]): number {
  return encodeValue(indexValue(entries)).length;
}

/** The entries as a value of bencode: a list of dictionaries, sorted by `k`. */
export function indexValue(entries: readonly NameIndexEntry[]): BValue {
  return [...entries].sort((a, b) => compareBytes(a.publicKey, b.publicKey)).map((entry) => ({
    ...(entry.certificate && {
      c: {
        ...limitEntries(entry.certificate),
        k: entry.certificate.key,
        s: entry.certificate.signature,
      },
    }),
    f: entry.firstSeenMs,
    k: entry.publicKey,
    s: entry.signature,
    t: entry.timestampMs,
    v: entry.version,
  }));
}

/**
 * Decodes a name index. Neither verifies the signatures nor checks the order of the entries.
 *
 * Anybody can write the record. A malformed entry is therefore omitted without affecting the
 * others, and `malformed` has an error message for each. Unknown keys of an entry are ignored.
 *
 * @throws {RecordError} `BAD_BENCODE`; `BAD_RECORD` if the value is not a list
 */
export function decodeNameIndex(
  value: Uint8Array,
): { entries: NameIndexEntry[]; malformed: string[] } {
  return readEntries(decodeValue(listSchema, value, WHAT));
}

/** Reads the members of a decoded list of entries, as {@linkcode decodeNameIndex} does. */
export function readEntries(
  list: readonly BDecoded[],
): { entries: NameIndexEntry[]; malformed: string[] } {
  const entries: NameIndexEntry[] = [];
  const malformed: string[] = [];
  list.forEach((member, index) => {
    try {
      const read = check(entrySchema, member, `name index entry (number ${index + 1})`);
      entries.push({
        publicKey: read.k,
        ...(read.c && {
          certificate: {
            root: read.k,
            key: read.c.k,
            ...readLimits(read.c),
            signature: read.c.s,
          },
        }),
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
