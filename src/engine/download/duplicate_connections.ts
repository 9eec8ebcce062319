/**
 * Closes duplicate connections to one peer. Two peers that find each other at the same time both dial,
 * and npm:webtorrent keeps both connections, which doubles the messages and divides the requests.
 *
 * The connection that the peer with the greater peer id dialled stays, so that both ends keep the same
 * one; libtorrent does the same. Peer ids are not authenticated, so only connections with one address are
 * compared: otherwise a peer that claims another's id could get it disconnected.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import { addAddressFilter, stopDialling, type Torrent, type Wire } from "../libraries/mod.ts";

/** A connection after its handshake. */
interface KnownWire extends Wire {
  type: string;
  /** 40 hexadecimal digits. */
  peerId: string;
}

type Watched = Omit<Torrent, "wires"> & { client: { peerId: string }; wires: KnownWire[] };

/** Watches one download, from before it has peers. */
export class DuplicateConnections {
  readonly #torrent: Watched;
  readonly #clock: Clock;
  /** Addresses that are not dialled, because the peer is connected to us from another port. */
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
    // After our handshake has been sent, from which the other end learns of the duplicate too.
    this.#clock.after(0, () => duplicate.destroy());
  }

  /** Stops WebTorrent from dialling the address again in a second, or whenever it is named again. */
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
  return type === "tcpOutgoing";
}

/** Host of a connection; a dual-stack listener reports IPv4 addresses as `::ffff:a.b.c.d`. */
function hostOf({ remoteAddress }: KnownWire): string | undefined {
  return remoteAddress?.replace(/^::ffff:(?=\d+\.)/, "");
}
