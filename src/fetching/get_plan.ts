/**
 * Plans a download: converts a request (a manifest, a magnet link or a `.torrent`) to the infohash,
 * manifest and peers of the archive. Downloads nothing; `get_archive.ts` executes the plan.
 *
 * @module
 */

import { equalBytes, formatHostPort, parseAddress, toHex, usableWebSeeds } from "../base/mod.ts";
import { formatPublicKey, parsePublicKey } from "../identity/mod.ts";
import {
  archiveFileName,
  isValidName,
  isValidVersion,
  type MinimalManifest,
  torrentInfoHash,
  webSeedsOfTorrent,
} from "../package/mod.ts";
import { type Magnet, manifestSalt, targetOf } from "../records/mod.ts";
import type { FetchContext, FetchListeners } from "./context.ts";
import type { DownloadAhead } from "./download_ahead.ts";
import { FetchingError } from "./errors.ts";
import { findRecord } from "./find_record.ts";
import { ManifestLookups } from "./manifest_lookups.ts";
import { minimalOf, webSeedsOfRecord } from "./manifest_record.ts";
import { PublisherRecords } from "./publisher_keys.ts";

/** A request for an archive, by signed manifest, magnet link or `.torrent` file. */
export type GetRequest =
  /** The signed manifest of a package that was resolved before. */
  | { kind: "minimal"; minimal: MinimalManifest; webSeeds?: readonly string[] }
  | { kind: "magnet"; magnet: Magnet }
  /** The bytes of a `.torrent` file. */
  | { kind: "torrent"; torrent: Uint8Array };

/** Infohash, manifest and peers of an archive, as known before its download. */
export interface GetPlan {
  /** BitTorrent v1 infohash, 40 hexadecimal digits. */
  infoHashHex: string;
  /** Signed manifest of the archive; absent if the request names no publisher. */
  minimal?: MinimalManifest;
  /** Public key of the publisher, 32 bytes. */
  publicKey?: Uint8Array;
  /** Bytes of the `.torrent` file, if the request consists of one. */
  torrent?: Uint8Array;
  /** `HOST:PORT` of the peers that a magnet link names. */
  peers: string[];
  /**
   * URLs of web seeds that the request or the publisher's record names; absent if neither was
   * read.
   */
  webSeeds?: string[];
  /** File name of the archive in a directory of a web seed, as far as the request tells it. */
  fileName?: string;
}

/** Maximum number of peers with a host name that are dialled. Each costs a look-up. */
const MAX_PEER_NAMES = 8;
/** Maximum number of unusable peers that one message lists. */
const MAX_LISTED_PEERS = 5;

/**
 * Plans the download of the requested archive. A magnet link that names a publisher costs one record
 * lookup.
 *
 * @param ahead begins the download of a magnet link's archive while that record is being looked up
 * @throws {FetchingError} `MAGNET_INCOMPLETE`, `TORRENT_INVALID` (kind `usage`), `RECORD_NOT_FOUND` (kind
 * `not-found`), `DHT_UNREACHABLE` (kind `network`), `RECORD_INVALID` (kind `verification`)
 */
export async function planGet(
  context: FetchContext,
  request: GetRequest,
  listeners: FetchListeners,
  ahead?: DownloadAhead,
): Promise<GetPlan> {
  if (request.kind === "torrent") {
    const infoHashHex = infoHashOf(request.torrent);
    const webSeeds = webSeedsOfTorrent(request.torrent);
    return { infoHashHex, torrent: request.torrent, peers: [], webSeeds };
  }
  if (request.kind === "minimal") return planForMinimal(request.minimal, request.webSeeds);
  return await planForMagnet(context, request.magnet, listeners, ahead);
}

function planForMinimal(
  minimal: MinimalManifest,
  webSeeds?: readonly string[],
  peers: string[] = [],
): GetPlan {
  const publicKey = parsePublicKey(minimal.pubkey);
  const fileName = archiveFileName(minimal.name, minimal.version);
  const usable = webSeeds && usableWebSeeds(webSeeds);
  return { infoHashHex: minimal.btih, minimal, publicKey, peers, webSeeds: usable, fileName };
}

async function planForMagnet(
  { operations, trust, finding }: FetchContext,
  magnet: Magnet,
  { onStep, onDetail }: FetchListeners,
  ahead: DownloadAhead | undefined,
): Promise<GetPlan> {
  const { infoHash, publicKey, salt, identity, webSeeds: linked = [] } = magnet;
  const peers = usablePeers(magnet, onDetail);
  tellIgnored(magnet, onDetail);
  tellUnusable(linked, onDetail);
  if (!publicKey || !salt) {
    if (infoHash) {
      const [webSeeds, fileName] = [usableWebSeeds(linked), fileNameOf(magnet)];
      return {
        infoHashHex: toHex(infoHash),
        publicKey: identity ?? publicKey,
        peers,
        webSeeds,
        fileName,
      };
    }
    throw new FetchingError(
      "usage",
      "MAGNET_INCOMPLETE",
      "The magnet link names neither an archive (xt=urn:btih:) nor a publisher's record (xs=urn:btpk: with s=)",
    );
  }
  const publisher = formatPublicKey(publicKey);
  const label = `${magnet.name ?? toHex(targetOf(publicKey, salt))} of ${publisher}`;
  onStep?.(`looking for the record of ${label}`);
  const records = new PublisherRecords(trust);
  const lookUpPublisher = (root: Uint8Array, isRoot = false) =>
    records.lookUp(operations, root, { ...finding, isRoot });
  // The publisher record may be lost; what this home knows of the keys counts all the same.
  const looking = identity && lookUpPublisher(identity).catch(() => {});
  // A version that is not announced individually has no record in the DHT.
  const wanted = packageOf(magnet);
  const isNamed = wanted && equalBytes(manifestSalt(wanted.name, wanted.version), salt);
  const lookups = isNamed
    ? new ManifestLookups(
      operations,
      trust,
      { publicKey: identity ?? publicKey, ...wanted, peers: addressesOf(magnet) },
      finding,
    )
    : undefined;
  lookups?.ask();
  const { item } = await findRecord(
    lookups ?? operations,
    { publicKey, salt },
    label,
    finding,
    (shown) => {
      const minimal = minimalOf(shown);
      if (!trust.accepts(minimal)) return;
      ahead?.begin({ minimal, webSeeds: [...webSeedsOfRecord(shown), ...linked], peers });
    },
  ).finally(() => lookups?.end());
  await looking;
  const minimal = minimalOf(item);
  if (!identity && minimal.signer) await lookUpPublisher(parsePublicKey(minimal.pubkey), true);
  if (identity && formatPublicKey(identity) !== minimal.pubkey) {
    throw new FetchingError(
      "verification",
      "RECORD_INVALID",
      `The magnet link names the publisher ${
        formatPublicKey(identity)
      }, but the record that it leads to is by ${minimal.pubkey}`,
    );
  }
  if (!infoHash || minimal.btih === toHex(infoHash)) {
    return planForMinimal(minimal, [...webSeedsOfRecord(item), ...linked], peers);
  }
  throw new FetchingError(
    "verification",
    "RECORD_INVALID",
    `The magnet link names archive ${
      toHex(infoHash)
    }, but its publisher's record names ${minimal.btih}`,
  );
}

/**
 * Returns the peers of a magnet link that the engine can dial, as `HOST:PORT`: those with an address, and
 * the first ones with a host name. Anybody may have added peers to the link, so unusable peers cause
 * no error: one message lists them.
 */
function usablePeers(
  { peers, unreadPeers = [] }: Magnet,
  onDetail: FetchListeners["onDetail"],
): string[] {
  const others = new Set(unreadPeers);
  const names = new Set<string>();
  const usable = peers.filter((peer) => {
    if (parseAddress(peer.host)) return true;
    const name = formatHostPort(peer);
    if (names.size < MAX_PEER_NAMES) names.add(name);
    else if (!names.has(name)) others.add(name);
    return names.has(name);
  });
  if (others.size > 0) {
    const listed = [...others].slice(0, MAX_LISTED_PEERS)
      .map((text) => JSON.stringify(text.slice(0, 80)));
    onDetail?.(
      `the magnet link names ${others.size} ${
        others.size === 1 ? "peer" : "peers"
      } that cannot be ` +
        `dialled: no valid address and port, or more than ${MAX_PEER_NAMES} host names: ${
          listed.join(", ")
        }` +
        (others.size > MAX_LISTED_PEERS ? ", …" : ""),
    );
  }
  return usable.map(formatHostPort);
}

/** Returns the peers of a magnet link that it names by address, as `HOST:PORT`, without duplicates. */
function addressesOf({ peers }: Magnet): string[] {
  return [...new Set(peers.filter(({ host }) => parseAddress(host)).map(formatHostPort))];
}

/** Returns the archive's file name if the display name of a link has libreseed's form `NAME@VERSION`. */
function fileNameOf(magnet: Magnet): string | undefined {
  const named = packageOf(magnet);
  return named && archiveFileName(named.name, named.version);
}

/** Returns the package in the display name of a link, if it has libreseed's form `NAME@VERSION`. */
function packageOf({ name: text = "" }: Magnet): { name: string; version: string } | undefined {
  const at = text.lastIndexOf("@");
  const [name, version] = [text.slice(0, at), text.slice(at + 1)];
  return at > 0 && isValidName(name) && isValidVersion(version) ? { name, version } : undefined;
}

/** Names the parameters of a magnet link that are not used, in one message. */
function tellIgnored({ ignored = [] }: Magnet, onDetail: FetchListeners["onDetail"]): void {
  if (ignored.length === 0) return;
  const listed = ignored.map((name) => JSON.stringify(name)).join(", ");
  onDetail?.(`the magnet link has parameters that are not used: ${listed}`);
}

/** Names the web seeds of a magnet link that cannot be used, in one message. */
function tellUnusable(urls: readonly string[], onDetail: FetchListeners["onDetail"]): void {
  const unusable = urls.filter((url) => usableWebSeeds([url]).length === 0);
  if (unusable.length === 0) return;
  const listed = unusable.map((url) => JSON.stringify(url.slice(0, 80))).join(", ");
  onDetail?.(`the magnet link names web seeds that cannot be used: ${listed}`);
}

/**
 * Returns the infohash of a `.torrent` file, 40 hexadecimal digits.
 *
 * @throws {FetchingError} `TORRENT_INVALID` (kind `usage`)
 */
function infoHashOf(torrent: Uint8Array): string {
  const infoHash = torrentInfoHash(torrent);
  if (infoHash) return toHex(infoHash);
  throw new FetchingError("usage", "TORRENT_INVALID", "The file is no .torrent (BEP 3)");
}
