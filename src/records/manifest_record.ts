/**
 * The manifest record: what a publisher says about one version of one package. It carries the fields
 * of the minimal manifest and its signature; putting the manifest together again and verifying it is
 * left to those who know manifests.
 *
 * @module
 */

import { bytesOf, count, decodeValue, dictionary, readable, text } from "./fields.ts";
import { checkValueSize, encodeValue } from "./item_value.ts";

/** A manifest record. Its publisher is the public key of the item that carries it. */
export interface ManifestRecord {
  /** BitTorrent v1 infohash of the archive's torrent, 20 bytes. */
  infoHash: Uint8Array;
  /** SHA-256 of the archive, 32 bytes. */
  archiveSha256: Uint8Array;
  /** Length of the archive. */
  lengthBytes: number;
  /** Package name, at least one character. */
  name: string;
  /** Package version, at least one character. */
  version: string;
  /** The minimal manifest's time, Unix milliseconds. */
  timestampMs: number;
  /** Signature of the minimal manifest, 64 bytes. */
  signature: Uint8Array;
}

const WHAT = "manifest record";

const schema = dictionary({
  h: bytesOf(32),
  ih: bytesOf(20),
  l: count,
  n: text,
  s: bytesOf(64),
  t: count,
  v: text,
});

/**
 * The record's value: a bencoded dictionary of `h` archive SHA-256, `ih` infohash, `l` length, `n`
 * name, `s` signature, `t` time, `v` version.
 *
 * @throws {RecordError} `VALUE_TOO_LARGE` if name and version are so long that it has more than 1,000
 * bytes; `BAD_FIELD` if a field has the wrong length or range
 */
export function encodeManifestRecord(record: ManifestRecord): Uint8Array<ArrayBuffer> {
  const value = encodeValue({
    h: record.archiveSha256,
    ih: record.infoHash,
    l: record.lengthBytes,
    n: record.name,
    s: record.signature,
    t: record.timestampMs,
    v: record.version,
  });
  return readable(checkValueSize(value), schema, WHAT);
}

/**
 * Reads a value. Unknown keys are ignored.
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
  };
}
