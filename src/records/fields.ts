/**
 * Reading a record's fields: the schemas that the decoders share. Unknown keys are ignored and
 * kept out of the result, so that a later version may add some; a known key that is missing or of the
 * wrong type or length is an error.
 *
 * @module
 */

import * as v from "valibot";
import { tryFromUtf8 } from "../base/mod.ts";
import type { BDecoded } from "../bencode/mod.ts";
import { RecordError } from "./errors.ts";
import { decodeBencode } from "./item_value.ts";

/** A byte string of exactly this length. */
export function bytesOf(length: number) {
  return v.pipe(
    v.instance(Uint8Array, "not a byte string"),
    v.check((bytes) => bytes.length === length, `not ${length} bytes long`),
  );
}

/** An integer of at least 0: a time, a size, a count. */
export const count = v.pipe(
  v.number("not an integer"),
  v.minValue(0, "negative"),
);

/** A byte string that holds UTF-8, and at least one byte. */
export const text = v.pipe(
  v.instance(Uint8Array, "not a byte string"),
  v.rawTransform<Uint8Array<ArrayBuffer>, string>(({ dataset, addIssue, NEVER }) => {
    const decoded = tryFromUtf8(dataset.value);
    if (decoded) return decoded;
    addIssue({ message: decoded === "" ? "empty" : "not UTF-8" });
    return NEVER;
  }),
);

/** A dictionary with at least these entries. */
export function dictionary<const T extends v.ObjectEntries>(entries: T) {
  return v.pipe(
    v.instance(Map, "not a dictionary"),
    v.transform((map): unknown => Object.fromEntries(map)),
    v.object(entries, (issue) => issue.received === "undefined" ? "missing" : "not a dictionary"),
  );
}

/**
 * Decodes an item's value by a schema.
 *
 * @param what the record's name, for the message
 * @throws {RecordError} `BAD_BENCODE`; `BAD_RECORD` with the offending key in `detail.key`
 */
export function decodeValue<T extends v.GenericSchema>(
  schema: T,
  value: Uint8Array,
  what: string,
): v.InferOutput<T> {
  return check(schema, decodeBencode(value), what);
}

/** Checks a decoded value by a schema. Throws {@linkcode RecordError} `BAD_RECORD`. */
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

/** A {@linkcode RecordError} `BAD_RECORD`. */
export function badRecord(what: string, why: string, key?: string): RecordError {
  const where = key === undefined ? "" : `key ${JSON.stringify(key)}: `;
  return new RecordError("verification", "BAD_RECORD", `not a valid ${what}: ${where}${why}`, {
    detail: key === undefined ? {} : { key },
  });
}

/**
 * Returns the value if its own decoder reads it: what we would refuse from others, we do not write.
 *
 * @throws {RecordError} `BAD_FIELD`
 */
export function readable<T extends Uint8Array>(value: T, schema: v.GenericSchema, what: string): T {
  try {
    decodeValue(schema, value, what);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RecordError("usage", "BAD_FIELD", `cannot write this ${what}: ${why}`, { cause });
  }
  return value;
}
