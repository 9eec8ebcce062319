/**
 * The WebTorrent client as a subclass: it asks for torrents that are asleep when a peer connects, and its
 * DHT node announces nothing by itself.
 *
 * @module
 */

import type { Server, Socket } from "node:net";
import { Client as Dht } from "bittorrent-dht";
import WebTorrent from "webtorrent";
import type { BittorrentDht, Krpc } from "../krpc/mod.ts";
import { replace, type Replacement } from "../replacing/mod.ts";
import { acceptReading } from "./peer_pipes.ts";
import type { Client, Torrent } from "./webtorrent_types.ts";

/** Finds torrents that are asleep. */
export interface Sleepers {
  /** The torrent of an infohash, woken if need be. */
  find(infoHashHex: string): Promise<Torrent | undefined>;
  /** The infohash of an encrypted handshake, which shows only a hash of it. */
  findObfuscated(hashHex: string): string | undefined;
}

/** Options of the DHT node of a client. */
export interface DhtOptions {
  krpc: Krpc;
  /** Age at which a peer that somebody announced is forgotten, in milliseconds. */
  maxPeerAgeMs: number;
}

/** The members of npm:webtorrent's client that are not public. */
interface Inner {
  /** The listener for peers and the function that takes a connection from it. */
  _connPool: { tcpServer: Server; _onTCPConnectionBound(connection: Socket): void };
  sleepers?: Sleepers;
  _getByHash(hashHex: string): Promise<Torrent | null>;
}

const BaseClient = WebTorrent as unknown as new (options: Record<string, unknown>) => Client;
const BaseDht = Dht as unknown as new (
  options: { krpc: Krpc; bootstrap: boolean; maxAge: number },
) => BittorrentDht;

class WakingClient extends BaseClient {
  sleepers: Sleepers | undefined;

  /** Called by the package for the torrent of a handshake. */
  async get(infoHashHex: string): Promise<Torrent | null> {
    return await this.sleepers?.find(infoHashHex) ?? null;
  }
}

/** The manager announces and looks for peers, on its schedule and budget, with an outcome. */
class QuietDht extends BaseDht {
  override announce(_infoHash: unknown, _port: unknown, done?: () => void): void {
    queueMicrotask(() => done?.());
  }
}

/** The replaced members of the client. */
export const clientReplacements: readonly Replacement[] = [
  replace(
    {
      library: "webtorrent",
      name: "WebTorrent.prototype",
      object: () => (WebTorrent as unknown as { prototype: Inner }).prototype,
    },
    "_getByHash",
    {
      because: "an encrypted handshake finds no torrent that is asleep",
      report: "docs/upstream/webtorrent-hooks.md",
      until:
        "a release looks torrents of encrypted handshakes up through a public method, as `get`",
      pinned: "36e77aac090eade08efacc7ed1e219673e8cf4d03a368ff6556bb5843cadd17e",
      parameters: 1,
      by: (getByHash) =>
        async function (this: Inner, hashHex: string) {
          const { sleepers } = this;
          if (!sleepers) return getByHash.call(this, hashHex);
          const infoHashHex = sleepers.findObfuscated(hashHex);
          return infoHashHex === undefined ? null : await sleepers.find(infoHashHex) ?? null;
        },
    },
  ),
];

/**
 * Makes a client. It begins to listen at once.
 *
 * @param options as npm:webtorrent documents them, without `dht`
 * @param dht none has the client take no part in the DHT
 */
export function makeClient(options: Record<string, unknown>, dht: DhtOptions | undefined): Client {
  const client = new WakingClient({ ...options, dht: false });
  if (dht) {
    // The host of the DHT node fills the table itself, when the socket is open.
    const own = new QuietDht({ krpc: dht.krpc, bootstrap: false, maxAge: dht.maxPeerAgeMs });
    client.dht = own;
    // Each torrent adds listeners.
    own.setMaxListeners(0);
    own.once("error", (error: Error) => {
      if (!client.destroyed) client.destroy();
      client.emit("error", error);
    });
    own.listen();
  }
  return client;
}

/** Has the client ask for torrents that it does not have when a peer connects. */
export function wakeOnHandshake(client: Client, sleepers: Sleepers): void {
  (client as unknown as Inner).sleepers = sleepers;
}

/**
 * Takes the connections that peers open, before the client does. To be called before there are any.
 *
 * @param take gets each connection, and a function that hands it to the client
 * @returns the listener
 */
export function acceptPeers(
  client: Client,
  take: (connection: Socket, accept: () => void) => void,
): Server {
  const { tcpServer, _onTCPConnectionBound } = (client as unknown as Inner)._connPool;
  acceptReading(tcpServer, (connection) => {
    take(connection, () => _onTCPConnectionBound(connection));
  });
  return tcpServer;
}
