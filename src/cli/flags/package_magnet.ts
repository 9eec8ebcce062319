/**
 * The magnet link of a package.
 *
 * @module
 */

import { fromHex } from "../../base/mod.ts";
import type { MinimalManifest } from "../../package/mod.ts";

/**
 * The link that finds a package and lets whoever follows it check the publisher: infohash, name and
 * version, the publisher's key and the salt of the manifest record. Loads `src/records` when called.
 */
export async function packageMagnet(minimal: MinimalManifest): Promise<string> {
  const { parsePublicKey } = await import("../../identity/mod.ts");
  const { formatMagnet, manifestSalt } = await import("../../records/mod.ts");
  return formatMagnet({
    infoHash: fromHex(minimal.btih)!,
    name: `${minimal.name}@${minimal.version}`,
    publicKey: parsePublicKey(minimal.pubkey),
    salt: manifestSalt(minimal.name, minimal.version),
  });
}
