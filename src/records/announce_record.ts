/**
 * The announce record: the list of packages that a publisher offers. The record contains a short
 * list itself. For a long list, the record contains the infohash of a catalog torrent. Other
 * folders create and download the catalog torrent.
 *
 * @module
 */

import * as v from "valibot";
import { compareBytes, type FlagsByName, utf8 } from "../base/mod.ts";
import type { BValue } from "../bencode/mod.ts";
import { RecordError } from "./errors.ts";
import {
  badRecord,
  bytesOf,
  count,
  decodeValue,
  dictionary,
  readable,
  text,
  webSeeds,
} from "./fields.ts";
import { entriesOfFlags, flagEntries, flagsOfEntries } from "./flag_fields.ts";
import { encodeValue, MAX_VALUE_BYTES } from "./item_value.ts";

/** A decoded announce record. It has `packages` or `catalogInfoHash`, or both. */
export interface AnnounceRecord {
  /** Number of archives that the publisher offers; each version of a package counts. */
  count: number;
  /** Time at which the record was written, Unix milliseconds. */
  timestampMs: number;
  /** Offered versions, keyed by package name; absent if the list does not fit into the record. */
  packages?: Map<string, string[]>;
  /** Infohash of the catalog torrent, which contains all minimal manifests, 20 bytes. */
  catalogInfoHash?: Uint8Array;
  /**
   * Infohash of the torrent of the catalog's index, 20 bytes, from which a reader gets single packages;
   * absent without a catalog, and in records of programs that know no index.
   */
  indexInfoHash?: Uint8Array;
  /**
   * URLs of directories of web seeds (BEP 19) with the catalog and the archives, 1 to 4, of 512 bytes
   * together; absent if there are none. A decoded text may be no URL.
   */
  webSeeds?: string[];
  /**
   * Flags of the packages, by package name; absent if there are none or if the catalog has them. In
   * texts, control characters are replaced.
   */
  flags?: FlagsByName;
  /** Whether the flags are in the catalog, because they do not fit into the record. */
  catalogHasFlags?: true;
}

/** Input of {@linkcode encodeAnnounceRecord}: the packages that a publisher offers. */
export interface AnnounceFields {
  /** All versions that the publisher offers, by package name, in any order. */
  packages: ReadonlyMap<string, readonly string[]>;
  /** Time at which the record is written, Unix milliseconds. */
  timestampMs: number;
  /** Infohash of the catalog torrent, 20 bytes. Required if the list does not fit into the record. */
  catalogInfoHash?: Uint8Array;
  /** URLs of directories of web seeds, as in {@linkcode AnnounceRecord}. */
  webSeeds?: readonly string[];
  /** Flags of the packages, by package name. */
  flags?: FlagsByName;
}

/** Input of {@linkcode encodeCatalogRecord}. */
export interface CatalogRecordFields
  extends Required<Pick<AnnounceRecord, "count" | "timestampMs" | "catalogInfoHash">> {
  indexInfoHash?: Uint8Array;
  webSeeds?: readonly string[];
  /** Flags that the record shall have; `in catalog` if the catalog has them. */
  flags?: FlagsByName | "in catalog";
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
  w: v.optional(webSeeds),
  x: v.optional(bytesOf(20)),
  f: v.optional(count),
  ...flagEntries,
});

/** An infohash of zeros, to compute the length of a record before its catalog and index are known. */
const NO_CATALOG = new Uint8Array(20);
/** The largest number of packages in a catalog, to compute the length of a record. */
const LARGEST_COUNT = 100_000;

/**
 * Encodes an announce record as a bencoded dictionary of `c` number of archives, `t` time, and the
 * list `p` {name: [versions in byte order]}, with the flags `y`, `d` and `g` of `flag_fields.ts`. If
 * the result exceeds 1,000 bytes, `ih`, the infohash of the catalog torrent, replaces `p`; if the
 * flags do not fit beside `ih` either, `f` = 1 replaces them, and they have to be in the catalog.
 *
 * @throws {RecordError} `VALUE_TOO_LARGE` if the list does not fit and there is no catalog;
 * `BAD_FIELD`
 */
export function encodeAnnounceRecord(fields: AnnounceFields): Uint8Array<ArrayBuffer> {
  const { timestampMs, catalogInfoHash, webSeeds } = fields;
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
  const flags = flagsFit(fields) ? fields.flags : "in catalog";
  return encodeCatalogRecord({ count: c, timestampMs, catalogInfoHash, webSeeds, flags });
}

/**
 * Encodes an announce record that has a catalog torrent instead of a list, for a list that is known
 * to be too long.
 *
 * @throws {RecordError} `BAD_FIELD`, also if the flags do not fit
 */
export function encodeCatalogRecord(fields: CatalogRecordFields): Uint8Array<ArrayBuffer> {
  return readable(encodeValue(catalogValue(fields)), schema, WHAT);
}

function catalogValue(
  { count, timestampMs, catalogInfoHash, indexInfoHash, webSeeds, flags }: CatalogRecordFields,
): Record<string, BValue> {
  return {
    c: count,
    ih: catalogInfoHash,
    t: timestampMs,
    ...webSeedEntry(webSeeds),
    ...(indexInfoHash && { x: indexInfoHash }),
    ...(flags === "in catalog" ? { f: 1 } : entriesOfFlags(flags)),
  };
}

/**
 * Whether the flags fit into an announce record (1,000 bytes) that names a catalog, so that they need
 * not be in the catalog.
 */
export function flagsFit(
  fields: Pick<AnnounceFields, "timestampMs" | "webSeeds" | "flags">,
): boolean {
  const counted = {
    ...fields,
    ...{ count: LARGEST_COUNT, catalogInfoHash: NO_CATALOG, indexInfoHash: NO_CATALOG },
  };
  return encodeValue(catalogValue(counted)).length <= MAX_VALUE_BYTES;
}

/**
 * Whether the list of packages, with its flags, fits into an announce record (1,000 bytes), so that no catalog
 * torrent is needed.
 */
export function announceFits(fields: Omit<AnnounceFields, "catalogInfoHash">): boolean {
  // Fast path: if the names and versions alone are longer than a record may be, the list cannot
  // fit, and encoding it is unnecessary.
  let leastBytes = 0;
  for (const [name, versions] of fields.packages) {
    for (const version of versions) leastBytes += version.length;
    leastBytes += name.length;
    if (leastBytes > MAX_VALUE_BYTES) return false;
  }
  return valueWithList(fields).length <= MAX_VALUE_BYTES;
}

/**
 * Decodes an announce record. Unknown keys are ignored.
 *
 * @throws {RecordError} `BAD_BENCODE`; `BAD_RECORD`, also if the record has neither list nor
 * catalog, or if its count differs from the length of its list
 */
export function decodeAnnounceRecord(value: Uint8Array): AnnounceRecord {
  const read = decodeValue(schema, value, WHAT);
  if (!read.p && !read.ih) throw badRecord(WHAT, "neither a list nor a catalog");
  if (read.f && !read.ih) throw badRecord(WHAT, "flags in a catalog, but no catalog", "f");
  if (read.p && countOf(read.p) !== read.c) {
    throw badRecord(WHAT, `counts ${read.c} packages but lists ${countOf(read.p)}`, "c");
  }
  const flags = flagsOfEntries(read);
  return {
    count: read.c,
    timestampMs: read.t,
    ...(read.p && { packages: read.p }),
    ...(read.ih && { catalogInfoHash: read.ih }),
    ...(read.ih && read.x && { indexInfoHash: read.x }),
    ...(read.w && { webSeeds: read.w }),
    ...(read.f ? { catalogHasFlags: true as const } : flags && { flags }),
  };
}

function valueWithList(fields: Omit<AnnounceFields, "catalogInfoHash">): Uint8Array<ArrayBuffer> {
  const p = new Map<string, BValue>();
  for (const [name, versions] of fields.packages) {
    p.set(name, versions.map((version) => utf8(version)).sort(compareBytes));
  }
  const { packages, timestampMs, webSeeds, flags } = fields;
  const c = countOf(packages);
  return encodeValue({ c, p, t: timestampMs, ...webSeedEntry(webSeeds), ...entriesOfFlags(flags) });
}

function webSeedEntry(webSeeds: readonly string[] = []): { w?: string[] } {
  return webSeeds.length === 0 ? {} : { w: [...webSeeds] };
}

function countOf(packages: ReadonlyMap<string, readonly string[]>): number {
  let sum = 0;
  for (const versions of packages.values()) sum += versions.length;
  return sum;
}
