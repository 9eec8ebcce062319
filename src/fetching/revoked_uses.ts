/**
 * Lists the revoked keys on which something in a home rests: pins, followed publishers, archives in the seed
 * directory, and packages elsewhere that the caller hands in.
 *
 * @module
 */

import { equalBytes } from "../base/mod.ts";
import type { RevokedUse } from "../control/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import { type MinimalManifest, parseMinimal, signingKeyOf } from "../package/mod.ts";
import type { StateDatabase } from "../store/mod.ts";
import type { Trust } from "../trust/mod.ts";

/** Packages outside of the seed directory. */
export interface PackagesElsewhere {
  /** The installed packages. */
  installed: readonly MinimalManifest[];
  /** The packages in the lock file of the working directory. */
  locked: readonly MinimalManifest[];
}

/**
 * Lists the revoked keys on which something rests. Packages that the publisher lists as good rest on the
 * list, so they are left out.
 */
export function revokedUsesOf(
  trust: Trust,
  { pins, follows, verifiedFiles }: StateDatabase,
  { installed, locked }: PackagesElsewhere = { installed: [], locked: [] },
): RevokedUse[] {
  const revocations = trust.revocations();
  if (revocations.length === 0) return [];
  const pinned = pins.list();
  const followed = follows.list();
  return revocations.map(({ root, key, sinceMs, reason }) => {
    const isOf = ({ publicKey }: { publicKey: Uint8Array }) =>
      equalBytes(publicKey, root) || equalBytes(publicKey, key);
    const refused = (all: readonly MinimalManifest[]) =>
      all.filter((one) => equalBytes(signingKeyOf(one), key) && !trust.accepts(one))
        .map(({ name, version }) => `${name}@${version}`);
    return {
      key: formatPublicKey(key),
      identity: formatPublicKey(root),
      sinceMs,
      ...(reason !== undefined && { reason }),
      pins: pinned.filter(isOf).map(({ name }) => name),
      followed: followed.some(isOf),
      archives: refused(
        verifiedFiles.ofKey(key).flatMap((path) => {
          const manifest = verifiedFiles.manifest(path);
          return manifest === undefined ? [] : [parseMinimal(manifest)];
        }),
      ),
      installed: refused(installed),
      locked: refused(locked),
    };
  }).filter(({ pins, followed, archives, installed, locked }) =>
    followed || [pins, archives, installed, locked].some((list) => list.length > 0)
  );
}
