/**
 * Lists the revoked keys on which something in this home rests: pins, followed publishers, archives in the
 * seed directory, installed packages, and the lock file of the project.
 *
 * @module
 */

import type { MinimalManifest } from "../../package/mod.ts";
import type { CommandEnvironment } from "../flags/command.ts";
import type { RevokedUse } from "../terminal/revoked_use.ts";
import { knownKeysIfHome } from "./known_keys.ts";
import { packageStore, projectLockPath } from "./package_store.ts";

type Environment = Pick<CommandEnvironment, "output" | "io" | "settings" | "state">;

/**
 * Lists the revoked keys on which something rests. Packages that the publisher lists as good rest on the
 * list, so they are left out. Reads the store and the lock file only if this home knows a revoked key.
 */
export async function revokedUses(given: Environment): Promise<RevokedUse[]> {
  const trust = await knownKeysIfHome(given);
  const revocations = trust?.revocations() ?? [];
  if (!trust || revocations.length === 0) return [];
  const { equalBytes } = await import("../../base/mod.ts");
  const { formatPublicKey } = await import("../../identity/mod.ts");
  const { parseMinimal, signingKeyOf } = await import("../../package/mod.ts");
  const { readLockFile } = await import("../../install/mod.ts");
  const state = (await given.state())();
  const { verifiedFiles } = state;
  const stored = await (await packageStore(given)).list();
  const installed = stored.flatMap((one) => one.problem === undefined ? [one.minimal] : []);
  // A lock file that cannot be read is the business of `install`.
  const lock = await readLockFile(await projectLockPath(given)).catch(() => undefined);
  const locked = [...lock?.packages.values() ?? []].map(({ minimal }) => minimal);
  const pins = state.pins.list();
  const follows = state.follows.list();
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
      pins: pins.filter(isOf).map(({ name }) => name),
      followed: follows.some(isOf),
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
