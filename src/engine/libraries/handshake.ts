/**
 * Lets an incoming handshake wake the torrent that it is for. WebTorrent asks its client for the
 * torrent and reads on meanwhile; what a peer sends before the torrent is there would be lost on it,
 * so, once this is imported, a connection's messages wait until its torrent has taken it over.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix
import Connection from "bittorrent-protocol";
import type { Client, Torrent, Wire } from "./webtorrent_types.ts";

/** The parts of a connection that have to do with the order in which it reads. */
interface Reader {
  type: string;
  /** The library's own: while it is set, what arrives is kept and not looked at. */
  _pePending: boolean;
  /** Ours: a torrent has taken it over. */
  isTaken?: boolean;
  destroyed: boolean;
  _onHandshakeBuffer(bytes: Uint8Array): void;
  _processBuffer(): void;
}

/** How the client finds a torrent for an incoming connection. */
interface Lookup {
  get(infoHashHex: string): Promise<Torrent | null>;
  _getByHash(hashHex: string): Promise<Torrent | null>;
}

/** Finds torrents that are asleep. */
export interface Sleepers {
  /** The torrent of an infohash, woken if need be. */
  find(infoHashHex: string): Promise<Torrent | undefined>;
  /** The infohash that an encrypted handshake means. */
  findObfuscated(hashHex: string): string | undefined;
}

const reader = Connection.prototype as unknown as Reader;

const onHandshakeBuffer = reader._onHandshakeBuffer;
reader._onHandshakeBuffer = function (bytes) {
  onHandshakeBuffer.call(this, bytes);
  if (this.type === "tcpIncoming" && !this.isTaken) this._pePending = true;
};

/** To be called when a torrent takes a connection over: its messages are read from now on. */
export function take(wire: Wire): void {
  const taken = wire as unknown as Reader;
  taken.isTaken = true;
  if (!taken._pePending) return;
  // WebTorrent's own listeners come with the microtask after this one.
  queueMicrotask(() =>
    queueMicrotask(() => {
      taken._pePending = false;
      if (!taken.destroyed) taken._processBuffer();
    })
  );
}

/** Has the client ask for torrents that it does not have when a peer connects. */
export function wakeOnHandshake(client: Client, sleepers: Sleepers): void {
  const lookup = client as unknown as Lookup;
  lookup.get = async (infoHashHex) => await sleepers.find(infoHashHex) ?? null;
  lookup._getByHash = async (hashHex) => {
    const infoHashHex = sleepers.findObfuscated(hashHex);
    return infoHashHex === undefined ? null : await sleepers.find(infoHashHex) ?? null;
  };
}
