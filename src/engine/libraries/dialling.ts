/**
 * Dialling peers, in place of npm:webtorrent's: an address that the budget refuses is not dialled,
 * wherever it came from, and one that has to wait for other dials to it is dialled after these. Each
 * dial is told of as event `dial` of its torrent, each refusal as `refused`.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import net from "node:net";
import Torrent from "webtorrent/lib/torrent.js";
import { readHostPort } from "../../base/mod.ts";
import { type DialBudget, DialQueue, type DialRefusal } from "../dial/mod.ts";
import { prototypeOf } from "./override.ts";
import { connectReading } from "./peer_pipes.ts";

/** The parts of a torrent that have to do with dialling. */
interface Dialling extends EventEmitter {
  client: { dials?: OwnDials };
  destroyed: boolean;
  /** Peers that wait to be dialled. */
  _queue: Waiting[];
  _peers: Map<string, unknown>;
  _drain(): void;
  _addPeer(peer: unknown, type: string, source?: string): unknown;
}

interface Waiting {
  id: string;
  /** `HOST:PORT` */
  addr: string;
  conn: net.Socket | null;
  /** From when the connection stands. */
  wire: EventEmitter | null;
  swarm: unknown;
  destroyed: boolean;
  /** The library's own. */
  _handshakeDone?: boolean;
  destroy(): void;
}

const dialling = prototypeOf<Dialling>(Torrent, ["_drain", "_addPeer"]);
const { _drain, _addPeer } = dialling;

dialling._addPeer = function (peer, type, source) {
  if (typeof peer === "string") {
    const refusal = this.client.dials?.refusal(peer);
    if (refusal) {
      this.emit("refused", peer, refusal);
      return null;
    }
  }
  return _addPeer.call(this, peer, type, source);
};

dialling._drain = function () {
  const { dials } = this.client;
  setAside(this, dials);
  const next = this._queue?.[0];
  // The library connects with `net.connect`, and with none of its options that we want.
  const sockets = net as { connect: unknown };
  const { connect } = sockets;
  sockets.connect = connectReading;
  try {
    _drain.call(this);
  } finally {
    sockets.connect = connect;
  }
  if (!next?.conn || this._queue?.[0] === next) return;
  dials?.watch(next, () => this.emit("refused", next.addr, "ourselves"));
  this.emit("dial", next.addr, next.conn);
};

/** Leaves a peer first in the queue that may be dialled now: the others are dropped, or wait. */
function setAside(torrent: Dialling, dials: OwnDials | undefined): void {
  for (let next; (next = torrent._queue?.[0]);) {
    // An address may have been refused since it began to wait.
    const refusal = dials?.refusal(next.addr);
    if (!refusal && !dials?.mustWait(next.addr)) return;
    torrent._queue.shift();
    if (refusal) drop(torrent, next, refusal);
    else if (!dials!.waiting.add(next.addr, { torrent, peer: next })) {
      drop(torrent, next, "waiting");
    }
  }
}

function drop(torrent: Dialling, peer: Waiting, refusal: DialRefusal): void {
  torrent._peers.delete(peer.id);
  // Else it would have the next one dialled, from inside here.
  peer.swarm = null;
  peer.destroy();
  torrent.emit("refused", peer.addr, refusal);
}

/** The dials of one client. */
export class OwnDials {
  /** Peers that were taken out of their torrent's queue until another dial to their address has ended. */
  readonly waiting = new DialQueue<{ torrent: Dialling; peer: Waiting }>();
  readonly #budget: DialBudget;
  /** What to do if a dial has led to ourselves, by the address and port that it comes from. */
  readonly #outgoing = new Map<string, () => void>();
  /** Connections that others have opened, or we to ourselves, by where they come from. */
  readonly #incoming = new Set<string>();

  constructor(budget: DialBudget) {
    this.#budget = budget;
  }

  /** Why an address, `HOST:PORT`, is not to be dialled now; `undefined` if it may be. */
  refusal(address: string): DialRefusal | undefined {
    const read = readHostPort(address);
    return "port" in read ? this.#budget.refusal(read) : undefined;
  }

  /** Whether an address, `HOST:PORT`, is to be dialled only after another dial to it has ended. */
  mustWait(address: string): boolean {
    const read = readHostPort(address);
    return "port" in read && this.#budget.mustWait(read);
  }

  /**
   * Counts a dial, and whether it led to a peer: to one that answered with a handshake.
   *
   * @param onOurselves called if it led to ourselves; the connection ends then
   */
  watch(peer: Waiting, onOurselves: () => void): void {
    const address = readHostPort(peer.addr);
    if (!("port" in address)) return;
    this.#budget.dialled(address);
    const conn = peer.conn!;
    let from: string | undefined;
    let isAnswered = false;
    conn.once("connect", () => {
      // After the library's own listener, which has set the mark.
      peer.wire?.once("handshake", () => {
        if (!peer._handshakeDone || isAnswered) return;
        isAnswered = true;
        this.#budget.answered(address);
        this.#goOn(peer.addr);
      });
      from = keyOf(conn.localAddress, conn.localPort);
      this.#outgoing.set(from, () => {
        this.#budget.learnOurs(address);
        conn.destroy();
        onOurselves();
      });
      this.#compare(from);
    });
    conn.once("close", () => {
      if (from !== undefined) this.#outgoing.delete(from);
      if (isAnswered) return;
      if (peer._handshakeDone) this.#budget.answered(address);
      else this.#budget.failed(address);
      this.#goOn(peer.addr);
    });
  }

  /** Looks again at the peers that waited for a dial to an address: dialled, dropped, or to wait on. */
  #goOn(address: string): void {
    for (const { torrent, peer } of this.waiting.take(address)) {
      if (peer.destroyed || torrent.destroyed) continue;
      // First, so that it is looked at now, even if its torrent has no room for another connection.
      torrent._queue.unshift(peer);
      torrent._drain();
    }
  }

  /** Looks at a connection that came in: it may be a dial of our own. */
  accepted(conn: net.Socket): void {
    const from = keyOf(conn.remoteAddress, conn.remotePort);
    this.#incoming.add(from);
    conn.once("close", () => this.#incoming.delete(from));
    this.#compare(from);
  }

  /** Whichever end of a connection to ourselves is heard of first. */
  #compare(from: string): void {
    const onOurselves = this.#outgoing.get(from);
    // Once everybody has heard that it is connected.
    if (onOurselves && this.#incoming.has(from)) queueMicrotask(onOurselves);
  }
}

/** A listener for both says IPv4 addresses in IPv6's way. */
function keyOf(host: string | undefined, port: number | undefined): string {
  return `${host?.replace(/^::ffff:(?=\d+\.)/, "")} ${port}`;
}
