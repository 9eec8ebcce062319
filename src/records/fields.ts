/**
 * Schemas for the fields of DHT records, shared by all decoders. Unknown keys are dropped, so that
 * a later version can add keys. A known key that is missing, or has the wrong type or length, is an
 * error.
 *
 * @module
 */

import * as v from "valibot";
import { MAX_WEB_SEED_BYTES, MAX_WEB_SEEDS, messageOf, tryFromUtf8, utf8 } from "../base/mod.ts";
import type { BDecoded } from "../bencode/mod.ts";
import { RecordError } from "./errors.ts";
import { decodeBencode } from "./item_value.ts";

/** Schema of a byte string of exactly `length` bytes. */
export function bytesOf(length: number) {
  return v.pipe(
    v.instance(Uint8Array, "not a byte string"),
    v.check((bytes) => bytes.length === length, `not ${length} bytes long`),
  );
}

/** Schema of an integer of at least 0, for example a time, a size or a count. */
export const count = v.pipe(
  v.number("not an integer"),
  v.minValue(0, "negative"),
);

/** Schema of a non-empty byte string of valid UTF-8; its output is a string. */
export const text = v.pipe(
  v.instance(Uint8Array, "not a byte string"),
  v.rawTransform<Uint8Array<ArrayBuffer>, string>(({ dataset, addIssue, NEVER }) => {
    const decoded = tryFromUtf8(dataset.value);
    if (decoded) return decoded;
    addIssue({ message: decoded === "" ? "empty" : "not UTF-8" });
    return NEVER;
  }),
);

/**
 * Schema of a list of web seeds: 1 to 4 byte strings of UTF-8, of 512 bytes together. Whether each is
 * a URL that may be used is decided by the reader of the list.
 */
export const webSeeds = v.pipe(
  v.array(text, "not a list"),
  v.minLength(1, "an empty list"),
  v.maxLength(MAX_WEB_SEEDS, `more than ${MAX_WEB_SEEDS} web seeds`),
  v.check(
    (urls) => utf8(urls.join("")).length <= MAX_WEB_SEED_BYTES,
    `web seeds of more than ${MAX_WEB_SEED_BYTES} bytes`,
  ),
);

/** Schema of a dictionary that has at least the given entries. */
export function dictionary<const T extends v.ObjectEntries>(entries: T) {
  return v.pipe(
    v.instance(Map, "not a dictionary"),
    v.transform((map): unknown => Object.fromEntries(map)),
    v.object(entries, (issue) => issue.received === "undefined" ? "missing" : "not a dictionary"),
  );
}

/**
 * Decodes the value of an item and validates it by a schema.
 *
 * @param what name of the record type, for the error message
 * @throws {RecordError} `BAD_BENCODE`; `BAD_RECORD` with the offending key in `detail.key`
 */
export function decodeValue<T extends v.GenericSchema>(
  schema: T,
  value: Uint8Array,
  what: string,
): v.InferOutput<T> {
  return check(schema, decodeBencode(value), what);
}

/** Validates a decoded value by a schema. Throws {@linkcode RecordError} `BAD_RECORD`. */
export function check<T extends v.GenericSchema>(
  schema: T,
  decoded: BDecoded,
  what: string,
): v.InferOutput<T> {
  const result = v.safeParse(schema, decoded, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw badRecord(what, issue.message, v.getDotPath(issue) ?? undefined);
}

/**
 * Creates the {@linkcode RecordError} `BAD_RECORD` for a malformed record of the type `what`. The
 * message names the offending key.
 */
export function badRecord(what: string, why: string, key?: string): RecordError {
  const where = key === undefined ? "" : `key ${JSON.stringify(key)}: `;
  return new RecordError("verification", "BAD_RECORD", `not a valid ${what}: ${where}${why}`, {
    detail: key === undefined ? {} : { key },
  });
}

/**
 * Returns an encoded record after a check that the record's own decoder accepts the bytes.
 * Libreseed thus never writes a record that it would refuse to read.
 *
 * @throws {RecordError} `BAD_FIELD`
 */
export function readable<T extends Uint8Array>(value: T, schema: v.GenericSchema, what: string): T {
  try {
    decodeValue(schema, value, what);
  } catch (cause) {
    const why = messageOf(cause);
    throw new RecordError("usage", "BAD_FIELD", `cannot write this ${what}: ${why}`, { cause });
  }
  return value;
}
