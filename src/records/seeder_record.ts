/**
 * The seeder record: what somebody who keeps packages available says about itself. Nothing in it is
 * proven; it is for statistics.
 *
 * @module
 */

import { bencode } from "./bencode.ts";
import { count, decodeValue, dictionary, readable, text } from "./fields.ts";
import { checkValueSize } from "./item.ts";

/** A seeder record. The seeder is the public key of the item that carries it. */
export interface SeederRecord {
  /** Number of archives it seeds. */
  packages: number;
  /** Their bytes together. */
  bytes: number;
  /** Whole seconds since it started. */
  uptimeSeconds: number;
  /** Version of its libreseed. */
  version: string;
  /** When this was written, Unix milliseconds. */
  timestampMs: number;
}

const WHAT = "seeder record";

const schema = dictionary({ b: count, c: count, t: count, u: count, v: text });

/**
 * The record's value: a bencoded dictionary of `b` bytes, `c` number of packages, `t` time, `u` uptime
 * in seconds, `v` version of libreseed.
 *
 * @throws {RecordError} `BAD_FIELD`, `VALUE_TOO_LARGE`
 */
export function encodeSeederRecord(record: SeederRecord): Uint8Array<ArrayBuffer> {
  const value = bencode({
    b: record.bytes,
    c: record.packages,
    t: record.timestampMs,
    u: record.uptimeSeconds,
    v: record.version,
  });
  return readable(checkValueSize(value), schema, WHAT);
}

/**
 * Reads a value. Unknown keys are ignored.
 *
 * @throws {RecordError} `BAD_BENCODE`, `BAD_RECORD`
 */
export function decodeSeederRecord(value: Uint8Array): SeederRecord {
  const read = decodeValue(schema, value, WHAT);
  return {
    packages: read.c,
    bytes: read.b,
    uptimeSeconds: read.u,
    version: read.v,
    timestampMs: read.t,
  };
}
