/**
 * Certificates as bencoded dictionaries in DHT records. The keys are those of the signed dictionary
 * (`src/identity/statement.ts`): `f` from, `k` signing key, `n` names, `r` root key, `u` until; and `s`,
 * the signature. A record leaves out the keys that it states elsewhere.
 *
 * @module
 */

import * as v from "valibot";
import type { BValue } from "../bencode/mod.ts";
import { areNamePatterns, type Certificate } from "../identity/mod.ts";
import { bytesOf, count, dictionary, text } from "./fields.ts";

/** Entries of the schema that all places have in common: times and names. */
const limits = {
  f: count,
  n: v.optional(
    v.pipe(
      v.array(text, "not a list"),
      v.check((list) => areNamePatterns(list), "no name patterns"),
    ),
  ),
  u: v.optional(count),
};

/** Schema of a certificate beside its signing key: root key and signature are in it. */
export const certificateBesideKey = v.pipe(
  dictionary({ ...limits, r: bytesOf(32), s: bytesOf(64) }),
  v.check((one) => one.u === undefined || one.u >= one.f, "ends before it begins"),
);

/** Schema of a certificate beside its root key: signing key and signature are in it. */
export const certificateBesideRoot = v.pipe(
  dictionary({ ...limits, k: bytesOf(32), s: bytesOf(64) }),
  v.check((one) => one.u === undefined || one.u >= one.f, "ends before it begins"),
);

/** Schema of a certificate in a record that the root key itself has signed, without a signature. */
export const certificateOfRecord = v.pipe(
  dictionary({ ...limits, k: bytesOf(32) }),
  v.check((one) => one.u === undefined || one.u >= one.f, "ends before it begins"),
);

/** The fields of a certificate that say what its key may sign. */
export type Limits = Pick<Certificate, "fromMs" | "untilMs" | "names">;

/** Returns the bencoded entries of a certificate's times and names. */
export function limitEntries({ fromMs, untilMs, names }: Limits): Record<string, BValue> {
  return {
    f: fromMs,
    ...(names && { n: [...names] }),
    ...(untilMs !== undefined && { u: untilMs }),
  };
}

/** Reads the entries that {@linkcode limitEntries} writes. */
export function readLimits(
  read: { f: number; n?: string[] | undefined; u?: number | undefined },
): Limits {
  return {
    fromMs: read.f,
    ...(read.u !== undefined && { untilMs: read.u }),
    ...(read.n && { names: read.n }),
  };
}
