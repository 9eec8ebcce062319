/**
 * Formats the magnet link that `pack` prints.
 *
 * @module
 */

import { fromHex } from "../../base/mod.ts";
import type { MinimalManifest } from "../../package/mod.ts";

/**
 * Formats the magnet link of a package. The link contains the infohash, name and version, the
 * publisher's key, the salt of the manifest record, and the web seeds. With the key and the salt, a
 * reader finds the manifest record and verifies its publisher. `src/records` is loaded only at the
 * first call, so that `pack --dry-run` starts faster.
 */
export async function packageMagnet(
  minimal: MinimalManifest,
  webSeeds: readonly string[],
): Promise<string> {
  const { parsePublicKey } = await import("../../identity/mod.ts");
  const { signingKeyOf } = await import("../../package/mod.ts");
  const { formatMagnet, manifestSalt } = await import("../../records/mod.ts");
  return formatMagnet({
    infoHash: fromHex(minimal.btih)!,
    name: `${minimal.name}@${minimal.version}`,
    publicKey: signingKeyOf(minimal),
    salt: manifestSalt(minimal.name, minimal.version),
    ...(minimal.signer && { identity: parsePublicKey(minimal.pubkey) }),
    webSeeds,
  });
}
