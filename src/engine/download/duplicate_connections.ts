/**
 * Closes duplicate connections to one peer. When two peers find each other at the same time, both
 * dial. npm:webtorrent keeps both connections, which doubles the messages and divides the requests.
 *
 * The connection that was dialled by the peer with the greater peer id is kept. Both ends decide by
 * this rule, like libtorrent, so both keep the same connection. Peer ids are not authenticated: a
 * peer could claim the id of another to get that one disconnected. So only connections from the
 * same IP address are compared.
 *
 * @module
 */

import { type Clock, unmapIpv4 } from "../../base/mod.ts";
import { addAddressFilter, stopDialling, type Torrent, type Wire } from "../libraries/mod.ts";

/** A connection to a peer, after the handshake. */
interface KnownWire extends Wire {
  /** Peer id, 40 hexadecimal digits. */
  peerId: string;
}

type Watched = Omit<Torrent, "wires"> & { client: { peerId: string }; wires: KnownWire[] };

/**
 * Closes the duplicate connections of one download. Must be created before the torrent connects to
 * its first peer.
 */
export class DuplicateConnections {
  readonly #torrent: Watched;
  readonly #clock: Clock;
  /** Addresses that are not dialled, because their peer has already connected to us from another port. */
  readonly #connected = new Map<string, KnownWire>();

  constructor(torrent: Torrent, clock: Clock) {
    this.#torrent = torrent as unknown as Watched;
    this.#clock = clock;
    addAddressFilter(torrent, { admits: (address) => !this.#isConnected(address) });
    torrent.on("wire", (wire: KnownWire) => this.#compare(wire));
  }

  #compare(wire: KnownWire): void {
    const { wires, client } = this.#torrent;
    const isOther = (other: KnownWire) =>
      other !== wire && !other.destroyed && other.peerId === wire.peerId &&
      isDialled(other) !== isDialled(wire) && hostOf(other) === hostOf(wire);
    const other = wires.find(isOther);
    if (!other) return;
    const [dialled, accepted] = isDialled(wire) ? [wire, other] : [other, wire];
    const keepDialled = client.peerId > wire.peerId;
    if (!keepDialled) this.#stopDialling(dialled, accepted);
    const duplicate = keepDialled ? accepted : dialled;
    // The delay lets our handshake be sent first. Only from that handshake can the other end detect
    // the duplicate too.
    this.#clock.after(0, () => duplicate.destroy());
  }

  /**
   * Stops WebTorrent from dialling a peer's address again, whether after the closed connection or
   * when another source names the address.
   */
  #stopDialling(dialled: KnownWire, accepted: KnownWire): void {
    const address = stopDialling(this.#torrent as unknown as Torrent, dialled);
    if (address !== undefined) this.#connected.set(address, accepted);
  }

  #isConnected(address: string): boolean {
    const connected = this.#connected.get(address);
    if (connected && !connected.destroyed) return true;
    this.#connected.delete(address);
    return false;
  }
}

function isDialled({ type }: KnownWire): boolean {
  return type.endsWith("Outgoing");
}

/** Returns the IP address of a connection, an IPv4 address in dotted form. */
function hostOf({ remoteAddress }: KnownWire): string | undefined {
  return remoteAddress && unmapIpv4(remoteAddress);
}
