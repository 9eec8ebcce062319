/**
 * The announce record: what a publisher has on offer. A short list is in the record itself, a longer
 * one in a catalog torrent that the record points to. Making that torrent is left to others.
 *
 * @module
 */

import * as v from "valibot";
import { compareBytes, utf8 } from "../base/mod.ts";
import type { BValue } from "../bencode/mod.ts";
import { RecordError } from "./errors.ts";
import { badRecord, bytesOf, count, decodeValue, dictionary, readable, text } from "./fields.ts";
import { encodeValue, MAX_VALUE_BYTES } from "./item_value.ts";

/** An announce record as read. It has `packages` or `catalogInfoHash`, or both. */
export interface AnnounceRecord {
  /** Number of archives on offer: every version of every name counts. */
  count: number;
  /** When this was written, Unix milliseconds. */
  timestampMs: number;
  /** Versions by name, if the list fitted into the record. */
  packages?: Map<string, string[]>;
  /** Infohash of the torrent that holds every minimal manifest, 20 bytes. */
  catalogInfoHash?: Uint8Array;
}

/** Input of {@linkcode encodeAnnounceRecord}. */
export interface AnnounceFields {
  /** Versions by name: all that the publisher has on offer, in any order. */
  packages: ReadonlyMap<string, readonly string[]>;
  /** When this is written, Unix milliseconds. */
  timestampMs: number;
  /** Infohash of the catalog torrent, 20 bytes; needed if the list does not fit. */
  catalogInfoHash?: Uint8Array;
}

const WHAT = "announce record";

const schema = dictionary({
  c: count,
  t: count,
  p: v.optional(v.pipe(
    v.instance(Map, "not a dictionary"),
    v.map(v.pipe(v.string(), v.nonEmpty("an empty name")), v.array(text, "not a list")),
  )),
  ih: v.optional(bytesOf(20)),
});

/**
 * The record's value: a bencoded dictionary of `c` number of archives, `t` time and, if all of it fits
 * into 1,000 bytes, `p` {name: [versions in byte order]}; else `ih`, the catalog's infohash. A list
 * that fits is written without `ih`.
 *
 * @throws {RecordError} `VALUE_TOO_LARGE` if the list does not fit and there is no catalog; `BAD_FIELD`
 */
export function encodeAnnounceRecord(fields: AnnounceFields): Uint8Array<ArrayBuffer> {
  const { timestampMs, catalogInfoHash } = fields;
  if (announceFits(fields)) return readable(valueWithList(fields), schema, WHAT);
  const c = countOf(fields.packages);
  if (!catalogInfoHash) {
    const list = valueWithList(fields);
    throw new RecordError(
      "usage",
      "VALUE_TOO_LARGE",
      `a list of ${c} packages takes ${list.length} bytes, more than the ${MAX_VALUE_BYTES} of a DHT ` +
        `item: it needs a catalog torrent`,
      { detail: { bytes: list.length, count: c } },
    );
  }
  return encodeCatalogRecord({ count: c, timestampMs, catalogInfoHash });
}

/**
 * The same of a list that is known to be too long, without the list.
 *
 * @throws {RecordError} `BAD_FIELD`
 */
export function encodeCatalogRecord(
  { count, timestampMs, catalogInfoHash }: Required<Omit<AnnounceRecord, "packages">>,
): Uint8Array<ArrayBuffer> {
  return readable(encodeValue({ c: count, ih: catalogInfoHash, t: timestampMs }), schema, WHAT);
}

/** Whether the list fits into the record, so that no catalog torrent is needed. */
export function announceFits(fields: Omit<AnnounceFields, "catalogInfoHash">): boolean {
  // Ten thousand packages need not be encoded to be found too many.
  let leastBytes = 0;
  for (const [name, versions] of fields.packages) {
    for (const version of versions) leastBytes += version.length;
    leastBytes += name.length;
    if (leastBytes > MAX_VALUE_BYTES) return false;
  }
  return valueWithList(fields).length <= MAX_VALUE_BYTES;
}

/**
 * Reads a value. Unknown keys are ignored.
 *
 * @throws {RecordError} `BAD_BENCODE`; `BAD_RECORD`, also if it has neither list nor catalog, or its
 * count is not that of its list
 */
export function decodeAnnounceRecord(value: Uint8Array): AnnounceRecord {
  const read = decodeValue(schema, value, WHAT);
  if (!read.p && !read.ih) throw badRecord(WHAT, "neither a list nor a catalog");
  if (read.p && countOf(read.p) !== read.c) {
    throw badRecord(WHAT, `counts ${read.c} packages but lists ${countOf(read.p)}`, "c");
  }
  return {
    count: read.c,
    timestampMs: read.t,
    ...(read.p && { packages: read.p }),
    ...(read.ih && { catalogInfoHash: read.ih }),
  };
}

function valueWithList(fields: Omit<AnnounceFields, "catalogInfoHash">): Uint8Array<ArrayBuffer> {
  const p = new Map<string, BValue>();
  for (const [name, versions] of fields.packages) {
    p.set(name, versions.map((version) => utf8(version)).sort(compareBytes));
  }
  return encodeValue({ c: countOf(fields.packages), p, t: fields.timestampMs });
}

function countOf(packages: ReadonlyMap<string, readonly string[]>): number {
  let sum = 0;
  for (const versions of packages.values()) sum += versions.length;
  return sum;
}
