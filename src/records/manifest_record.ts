/**
 * The manifest record: the DHT record of one version of one package. It carries the fields and the
 * signature of the minimal manifest. The callers rebuild and verify the manifest.
 *
 * @module
 */

import * as v from "valibot";
import type { Certificate } from "../identity/mod.ts";
import { certificateBesideKey, limitEntries, readLimits } from "./certificate_value.ts";
import { bytesOf, count, decodeValue, dictionary, readable, text, webSeeds } from "./fields.ts";
import { checkValueSize, encodeValue } from "./item_value.ts";

/**
 * A manifest record. The public key of the item that carries the record has signed the manifest: a key
 * that `certificate` certifies, or, without one, the publisher's own.
 */
export interface ManifestRecord {
  /** BitTorrent v1 infohash of the archive's torrent, 20 bytes. */
  infoHash: Uint8Array;
  /** SHA-256 of the package's archive, 32 bytes. */
  archiveSha256: Uint8Array;
  /** Length of the package's archive, bytes. */
  lengthBytes: number;
  /** Package name, at least one character. */
  name: string;
  /** Package version, at least one character. */
  version: string;
  /** Time of the minimal manifest, Unix milliseconds. */
  timestampMs: number;
  /** Signature of the minimal manifest, 64 bytes. */
  signature: Uint8Array;
  /**
   * The certificate in the manifest, without the key, which is the item's; absent if the identity
   * itself has signed.
   */
  certificate?: Omit<Certificate, "key">;
  /** The field `ext` of the manifest, as canonical JSON (RFC 8785); absent if it has none. */
  extJson?: string;
  /**
   * Number of the manifest's format, at least 3: `libreseed/3`. Absent in the formats 1 and 2, which
   * `certificate` tells apart.
   */
  format?: number;
  /**
   * URLs of web seeds of the archive (BEP 19), 1 to 4, of 512 bytes together; absent if there are none.
   * The signature of the item covers them, that of the manifest does not. A decoded text may be no
   * URL.
   */
  webSeeds?: string[];
}

const WHAT = "manifest record";

const schema = dictionary({
  c: v.optional(certificateBesideKey),
  e: v.optional(text),
  h: bytesOf(32),
  ih: bytesOf(20),
  l: count,
  n: text,
  p: v.optional(v.pipe(count, v.minValue(3, "less than 3"))),
  s: bytesOf(64),
  t: count,
  v: text,
  w: v.optional(webSeeds),
});

/**
 * Encodes a manifest record as a bencoded dictionary of `c` certificate, `e` ext, `h` archive SHA-256, `ih`
 * infohash, `l` length, `n` name, `p` format, `s` signature, `t` time, `v` version, `w` web seeds; `c`, `e`,
 * `p` and `w` only if there are any.
 *
 * @throws {RecordError} `VALUE_TOO_LARGE` if long names or versions make the result exceed 1,000
 * bytes; `BAD_FIELD` if a field has a wrong length or range
 */
export function encodeManifestRecord(record: ManifestRecord): Uint8Array<ArrayBuffer> {
  const { certificate } = record;
  const value = encodeValue({
    ...(certificate && {
      c: { ...limitEntries(certificate), r: certificate.root, s: certificate.signature },
    }),
    ...(record.extJson !== undefined && { e: record.extJson }),
    h: record.archiveSha256,
    ih: record.infoHash,
    l: record.lengthBytes,
    n: record.name,
    ...(record.format !== undefined && { p: record.format }),
    s: record.signature,
    t: record.timestampMs,
    v: record.version,
    ...(record.webSeeds && { w: record.webSeeds }),
  });
  return readable(checkValueSize(value), schema, WHAT);
}

/**
 * Decodes a manifest record. Unknown keys are ignored.
 *
 * @throws {RecordError} `BAD_BENCODE`, `BAD_RECORD`
 */
export function decodeManifestRecord(value: Uint8Array): ManifestRecord {
  const read = decodeValue(schema, value, WHAT);
  return {
    infoHash: read.ih,
    archiveSha256: read.h,
    lengthBytes: read.l,
    name: read.n,
    version: read.v,
    timestampMs: read.t,
    signature: read.s,
    ...(read.c && {
      certificate: { root: read.c.r, ...readLimits(read.c), signature: read.c.s },
    }),
    ...(read.e !== undefined && { extJson: read.e }),
    ...(read.p !== undefined && { format: read.p }),
    ...(read.w && { webSeeds: read.w }),
  };
}
