/**
 * The WebTorrent client as a subclass. When a peer connects for an archive that is asleep (seeded,
 * but without a torrent), the client wakes the archive. The client's DHT node announces nothing by
 * itself.
 *
 * @module
 */

import { createServer, type Server, type Socket } from "node:net";
import { Client as Dht } from "bittorrent-dht";
import WebTorrent from "webtorrent";
import type { BittorrentDht, Krpc } from "../krpc/mod.ts";
import type { PeerSocket } from "../../transport/mod.ts";
import { replace, type Replacement } from "../replacing/mod.ts";
import { acceptReading } from "./peer_pipes.ts";
import type { Client, Torrent } from "./webtorrent_types.ts";

/** Finds the torrents of archives that are asleep (seeded, but without a torrent in the client). */
export interface Sleepers {
  /** Returns the torrent with an infohash, and wakes its archive if necessary. */
  find(infoHashHex: string): Promise<Torrent | undefined>;
  /**
   * Returns the infohash that an encrypted handshake is meant for. The handshake contains only a
   * hash of the infohash.
   */
  findObfuscated(hashHex: string): string | undefined;
}

/** Options of a client's DHT node (npm:bittorrent-dht). */
export interface DhtOptions {
  krpc: Krpc;
  /** Age in milliseconds at which the DHT node forgets a peer that was announced to it. */
  maxPeerAgeMs: number;
}

/** Private members of npm:webtorrent's client that libreseed calls or replaces. */
interface Inner {
  /**
   * The TCP listener for peers, and the function that hands an accepted connection to the client.
   */
  _connPool: {
    tcpServer: Server;
    _onTCPConnectionBound(connection: Socket): void;
    /** Does the same with a connection by uTP. npm:webtorrent's own uTP is off. */
    _onUTPConnectionBound(connection: Socket): void;
  };
  sleepers?: Sleepers;
  _getByHash(hashHex: string): Promise<Torrent | null>;
}

const BaseClient = WebTorrent as unknown as new (options: Record<string, unknown>) => Client;
const BaseDht = Dht as unknown as new (
  options: { krpc: Krpc; bootstrap: boolean; maxAge: number },
) => BittorrentDht;

class WakingClient extends BaseClient {
  sleepers: Sleepers | undefined;

  /** Called by npm:webtorrent to find the torrent that a peer's handshake names. */
  async get(infoHashHex: string): Promise<Torrent | null> {
    return await this.sleepers?.find(infoHashHex) ?? null;
  }
}

/**
 * A DHT node that does not announce when WebTorrent asks. libreseed's DHT manager announces
 * instead, on its own schedule and budget.
 */
class QuietDht extends BaseDht {
  override announce(_infoHash: unknown, _port: unknown, done?: () => void): void {
    queueMicrotask(() => done?.());
  }
}

/** The replaced members of npm:webtorrent's client. */
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
 * Creates a client, which begins to listen at once.
 *
 * @param options options of npm:webtorrent, without `dht`
 * @param dht options of the DHT node; `undefined` for a client without one
 */
export function makeClient(options: Record<string, unknown>, dht: DhtOptions | undefined): Client {
  const client = new WakingClient({ ...options, dht: false });
  if (dht) {
    // Bootstrapping is off, because `DhtHost` fills the routing table once its socket is open.
    const own = new QuietDht({ krpc: dht.krpc, bootstrap: false, maxAge: dht.maxPeerAgeMs });
    client.dht = own;
    // Each torrent adds listeners, so Node's warning about many listeners is switched off.
    own.setMaxListeners(0);
    own.once("error", (error: Error) => {
      if (!client.destroyed) client.destroy();
      client.emit("error", error);
    });
    own.listen();
  }
  return client;
}

/**
 * Sets the finder of sleeping archives. The client asks the finder when a peer connects for an
 * infohash that none of the client's torrents has.
 */
export function wakeOnHandshake(client: Client, sleepers: Sleepers): void {
  (client as unknown as Inner).sleepers = sleepers;
}

/** A function that gets each incoming connection, and one that hands it to the client. */
export type TakeConnection = (connection: Socket, accept: () => void) => void;

/**
 * Passes each incoming connection to `take` before the client gets it. To be called before the
 * first connection.
 *
 * @param take called with a connection, and a function that hands the connection to the client
 * @returns the TCP listener for peers
 */
export function acceptPeers(client: Client, take: TakeConnection): Server {
  const { tcpServer } = (client as unknown as Inner)._connPool;
  return accepting(client, tcpServer, take);
}

/**
 * Makes another listener for peers of a client, beside its own. The caller has to call `listen` and
 * `close`.
 *
 * @param take as of {@linkcode acceptPeers}
 */
export function acceptPeersElsewhere(client: Client, take: TakeConnection): Server {
  return accepting(client, createServer(), take);
}

/**
 * Returns a function that takes a connection which a peer has begun by uTP. After the client has
 * ended, the function closes it.
 *
 * @param take as of {@linkcode acceptPeers}
 */
export function acceptUtpPeers(
  client: Client,
  take: TakeConnection,
): (connection: PeerSocket) => void {
  const { _connPool: pool } = client as unknown as Inner;
  return (socket) => {
    if (client.destroyed) return void socket.destroy();
    const connection = socket as unknown as Socket;
    take(connection, () => pool._onUTPConnectionBound(connection));
  };
}

function accepting(client: Client, listener: Server, take: TakeConnection): Server {
  const { _onTCPConnectionBound } = (client as unknown as Inner)._connPool;
  acceptReading(listener, (connection) => {
    take(connection, () => _onTCPConnectionBound(connection));
  });
  return listener;
}
