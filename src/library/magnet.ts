/**
 * Magnet links, for programs, over `src/records`.
 *
 * @module
 */

import { fromHex, toHex } from "../base/mod.ts";
import { magnetOf as linkOf } from "../fetching/mod.ts";
import { formatPublicKey, parsePublicKey } from "../identity/mod.ts";
import { formatMagnet as format, parseMagnet as parse } from "../records/mod.ts";
import type { Manifest } from "./manifests.ts";

/** A magnet link with an infohash (BEP 9), a publisher's record (BEP 46), or both. */
export interface Magnet {
  /** BitTorrent v1 infohash, 40 hexadecimal digits. */
  infoHashHex?: string;
  /** Display name. The text is untrusted. */
  name?: string;
  /** The key under which the record lies: `ed25519:` and 44 characters of base64. */
  publicKey?: string;
  /** Salt of the record, 2 to 128 hexadecimal digits. */
  saltHex?: string;
  /** The publisher's identity, if it has certified `publicKey`, in the same form. */
  publisher?: string;
  /** Addresses of peers: a host name or an IP address without brackets, and a TCP port. */
  peers?: { host: string; port: number }[];
  /** URLs of web seeds, at most 8. The texts are untrusted. */
  webSeeds?: string[];
}

/**
 * Reads a magnet link. Trackers and unknown parameters are ignored.
 *
 * ```ts
 * import { parseMagnet } from "libreseed";
 *
 * const { infoHashHex, name } = parseMagnet(
 *   "magnet:?xt=urn:btih:aabbccddeeff00112233445566778899aabbccdd&dn=tool@1.0.0",
 * );
 * console.log(name, infoHashHex);
 * ```
 *
 * @throws {LibreseedError} `BAD_MAGNET`, kind `usage`
 */
export function parseMagnet(link: string): Magnet {
  const { infoHash, name, publicKey, salt, identity, peers, webSeeds } = parse(link);
  return {
    ...(infoHash && { infoHashHex: toHex(infoHash) }),
    ...(name !== undefined && { name }),
    ...(publicKey && { publicKey: formatPublicKey(publicKey) }),
    ...(salt && { saltHex: toHex(salt) }),
    ...(identity && { publisher: formatPublicKey(identity) }),
    ...(peers.length > 0 && { peers }),
    ...(webSeeds && { webSeeds }),
  };
}

/**
 * Writes a magnet link.
 *
 * @throws {LibreseedError} `BAD_MAGNET` for an infohash or a salt that is not hexadecimal digits of the
 * right number; `KEY_INVALID` for a key that is none; both of kind `usage`
 */
export function formatMagnet(magnet: Magnet & { infoHashHex: string }): string {
  const { infoHashHex, name, publicKey, saltHex, publisher, peers, webSeeds } = magnet;
  const link = format({
    infoHash: fromHex(infoHashHex) ?? new Uint8Array(),
    name,
    ...(publicKey !== undefined && { publicKey: parsePublicKey(publicKey) }),
    ...(saltHex !== undefined && { salt: fromHex(saltHex) ?? new Uint8Array() }),
    ...(publisher !== undefined && { identity: parsePublicKey(publisher) }),
    peers,
    webSeeds,
  });
  // The reader knows all limits: a link that it refuses is of use to nobody.
  parse(link);
  return link;
}

/**
 * Returns the magnet link of an archive, which also names the publisher's record.
 *
 * @param webSeeds URLs of web seeds of the archive
 */
export function magnetOf(manifest: Manifest, webSeeds: readonly string[] = []): string {
  return linkOf(manifest, webSeeds);
}
