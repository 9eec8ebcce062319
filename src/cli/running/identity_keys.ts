/**
 * The keys of an identity, for `info`: those that sign for it now, and those that it has revoked.
 *
 * @module
 */

import { formatPublicKey, type PublicKey } from "../../identity/mod.ts";
import type { Trust } from "../../trust/mod.ts";
import type { IdentityKeys } from "../terminal/package_info.ts";

/**
 * Returns the keys of an identity as far as this home knows them; empty if the identity has no root key, or
 * this home has not seen its publisher record.
 *
 * @param nowMs Unix milliseconds
 */
export function identityKeysOf(
  trust: Pick<Trust, "identity" | "signingKeys">,
  root: PublicKey,
  nowMs: number,
): IdentityKeys {
  const known = trust.identity(root);
  if (!known?.newest) return {};
  const signing = (trust.signingKeys(root) ?? [])
    .filter(({ untilMs = Infinity }) => untilMs > nowMs);
  return {
    signingKeys: signing.map(({ key, untilMs, names }) => ({
      key: formatPublicKey(key),
      ...(untilMs !== undefined && { untilMs }),
      ...(names && { names: [...names] }),
    })),
    ...(known.revoked.length > 0 && {
      revokedKeys: known.revoked.map(({ key, sinceMs, reason }) => ({
        key: formatPublicKey(key),
        sinceMs,
        ...(reason !== undefined && { reason }),
      })),
    }),
  };
}
