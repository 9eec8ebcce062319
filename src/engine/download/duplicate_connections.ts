/**
 * Keeps one connection to each peer of a download. Two who look for peers at the same time find each
 * other and both dial, and npm:webtorrent keeps both connections: twice the messages, and requests
 * that are divided between them.
 *
 * Of two that were dialled from different ends, the one stays that was dialled by the greater peer id,
 * so that both ends keep the same one; libtorrent does likewise. A peer id proves nothing: only
 * connections of one address are compared, or whoever takes another's id could have it hung up on.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import type { Torrent, Wire } from "../libraries/mod.ts";

/** A connection that has had its handshake. */
interface MetWire extends Wire {
  type: string;
  /** 40 hexadecimal digits. */
  peerId: string;
}

/** The parts of WebTorrent's torrent that are not public. */
interface Inner {
  client: { peerId: string };
  wires: MetWire[];
  /** Those that are dialled or connected. */
  _peers: Map<string, { addr: string | null; wire: MetWire | null; retries: number }>;
}

type Watched = Omit<Torrent, keyof Inner> & Inner;

/** Watches over one download, from before it has peers. */
export class DuplicateConnections {
  readonly #torrent: Watched;
  readonly #clock: Clock;
  /** Addresses of peers that are connected to us from other ports. */
  readonly #connected = new Map<string, MetWire>();

  constructor(torrent: Torrent, clock: Clock) {
    this.#torrent = torrent as unknown as Watched;
    this.#clock = clock;
    const { addPeer } = torrent;
    this.#torrent.addPeer = (address, source) => {
      const connected = this.#connected.get(address);
      if (connected && !connected.destroyed) return false;
      this.#connected.delete(address);
      return addPeer.call(torrent, address, source);
    };
    torrent.on("wire", (wire: MetWire) => this.#compare(wire));
  }

  #compare(wire: MetWire): void {
    const { wires, client } = this.#torrent;
    const isOther = (other: MetWire) =>
      other !== wire && !other.destroyed && other.peerId === wire.peerId &&
      isDialled(other) !== isDialled(wire) && hostOf(other) === hostOf(wire);
    const other = wires.find(isOther);
    if (!other) return;
    const [dialled, accepted] = isDialled(wire) ? [wire, other] : [other, wire];
    const staysDialled = client.peerId > wire.peerId;
    if (!staysDialled) this.#dialNoMore(dialled, accepted);
    const superfluous = staysDialled ? accepted : dialled;
    // When the handshake is on its way, by which the other end finds out too.
    this.#clock.after(0, () => superfluous.destroy());
  }

  /** WebTorrent would dial again in a second, and whoever looks for peers whenever it finds the address. */
  #dialNoMore(dialled: MetWire, accepted: MetWire): void {
    for (const peer of this.#torrent._peers.values()) {
      if (peer.wire !== dialled || peer.addr === null) continue;
      peer.retries = Infinity;
      this.#connected.set(peer.addr, accepted);
    }
  }
}

function isDialled({ type }: MetWire): boolean {
  return type === "tcpOutgoing";
}

/** A listener for both says IPv4 addresses in IPv6's way. */
function hostOf({ remoteAddress }: MetWire): string | undefined {
  return remoteAddress?.replace(/^::ffff:(?=\d+\.)/, "");
}
