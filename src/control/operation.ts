/**
 * A row of the table of operations, and the schemas that several rows share.
 *
 * @module
 */

import * as v from "valibot";
import { bytes } from "./json.ts";

/** One row of the table `operations`: the schemas and flags of an operation. */
export interface Operation {
  /** Schema that parses the JSON of a request; absent for an operation without argument. */
  request?: v.GenericSchema;
  /** Schema that parses the JSON of the operation's result. */
  result: v.GenericSchema;
  /**
   * Schema that parses the JSON of an event, for an operation that reports progress before its
   * result.
   */
  event?: v.GenericSchema;
  /** Whether the server also answers a `GET` request, for users of curl. */
  get?: true;
  /**
   * Whether the operation has an effect only in a daemon. A host that is not the daemon ignores the
   * operation.
   */
  daemonOnly?: true;
  /**
   * Error code that shows that the operation was completed before. If a host ends during an
   * operation and the repetition with a new host fails with this code, the operation counts as
   * successful.
   */
  doneCode?: string;
  /** Maximum length of a request, bytes. Default: 1 MiB. */
  maxRequestBytes?: number;
}

/** Schema of a result that contains no bytes; it accepts any JSON. */
export function plain<T>(): v.GenericSchema<unknown, T> {
  return v.custom<T>(() => true);
}

/**
 * Schema of a result that contains bytes. It parses the given members and keeps all others
 * unchanged.
 */
export function withBytes<T>(members: v.ObjectEntries): v.GenericSchema<unknown, T> {
  return v.looseObject(members) as unknown as v.GenericSchema<unknown, T>;
}

/** A whole number from 0. */
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** A text of 1 to 256 characters, such as a name or a version. */
export const text = v.pipe(v.string(), v.minLength(1), v.maxLength(256));
/** An infohash, 40 hexadecimal digits. */
export const infoHash = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/));
/** A public key, 32 bytes. */
export const publicKey = bytes(32);
