/**
 * Schemas of single values that several answers and requests have.
 *
 * @module
 */

import * as v from "valibot";

/** A number of things or bytes. */
export const count = v.pipe(v.number(), v.integer(), v.minValue(0));
/** A time, Unix milliseconds. */
export const timeMs = v.pipe(v.number(), v.description("Unix milliseconds"));
/** A speed, bytes a second. */
export const speed = v.pipe(v.number(), v.description("bytes a second"));
/** 20 bytes: an infohash, a DHT target or the id of a node. */
export const hex20 = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/));
/** Why something failed. */
export const failure = v.object({ code: v.string(), message: v.string() });
/** A public key, as answers have it. */
export const publicKey = v.pipe(v.string(), v.description("ed25519:BASE64"));
