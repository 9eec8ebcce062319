/**
 * Messages about revoked keys and old publisher records.
 *
 * @module
 */

import { isoTime } from "../base/mod.ts";
import { fingerprint, formatPublicKey } from "../identity/mod.ts";
import type { StoredRevocation } from "../store/mod.ts";

/** Describes a revocation in one line: the key, since when, and why. The reason is untrusted text. */
export function describeRevocation(
  { key, sinceMs, reason }: Pick<StoredRevocation, "key" | "sinceMs" | "reason">,
): string {
  return `the key ${formatPublicKey(key)} (${fingerprint(key)}) is revoked since ${
    isoTime(sinceMs)
  }` +
    (reason === undefined ? "" : `, reason: ${JSON.stringify(reason)}`);
}
