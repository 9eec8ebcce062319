/**
 * Bounds npm:ut_pex (BEP 11) for everybody in this thread, when it is imported. By itself
 *
 * - it reads messages of any length, each address as an object that is kept as long as the connection;
 * - a peer that says that another has left takes it out of the line of those that wait to be dialled,
 *   and could keep us from a seeder like that.
 *
 * A peer whose message is longer than any honest one is hung up on; that others have left is not
 * listened to. How many of the named peers are dialled is up to `smart_ban.ts`.
 *
 * @module
 */

import Connection from "bittorrent-protocol";
import { prototypeOf } from "./override.ts";

/**
 * BEP 11 allows 50 addresses added and 50 dropped in each family; programs that send 200 of each stay
 * below too, with 200 * (7 + 6) bytes for IPv4 and 200 * (19 + 18) for IPv6.
 */
const MAX_MESSAGE_BYTES = 16 * 1024;
/** Addresses of each kind that are remembered for a connection, not to be sent back to it. */
const MAX_REMEMBERED = 1_000;

/** The parts of a connection that the extension uses. */
interface Peer {
  use(extension: { prototype: PeerExchange }): void;
  destroy(): void;
}

/** The extension of one connection. */
interface PeerExchange {
  name: string;
  _wire: Peer;
  _remoteAddedPeers: Record<string, unknown>;
  _remoteDroppedPeers: Record<string, unknown>;
  onMessage(message: Uint8Array): void;
  emit(event: string, ...values: unknown[]): boolean;
}

const peer = prototypeOf<Peer>(Connection, ["use"]);
const { use } = peer;

peer.use = function (extension) {
  // Each connection has a class of its own.
  if (extension.prototype.name === "ut_pex") guard(extension.prototype);
  use.call(this, extension);
};

function guard(exchange: PeerExchange): void {
  const { onMessage, emit } = exchange;

  exchange.onMessage = function (message) {
    if (message.length > MAX_MESSAGE_BYTES) return this._wire.destroy();
    onMessage.call(this, message);
    if (isFull(this._remoteAddedPeers)) this._remoteAddedPeers = {};
    if (isFull(this._remoteDroppedPeers)) this._remoteDroppedPeers = {};
  };

  exchange.emit = function (event, ...values) {
    return event === "dropped" ? false : emit.call(this, event, ...values);
  };
}

function isFull(addresses: Record<string, unknown>): boolean {
  return Object.keys(addresses).length > MAX_REMEMBERED;
}
