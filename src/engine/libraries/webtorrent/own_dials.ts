/**
 * The outgoing dials of one client: applies the limits of `src/engine/dial` to them, and detects
 * dials that lead back to the client itself. `dialling.ts` makes the dials.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import type net from "node:net";
import { type Clock, type HostPort, readHostPort, unmapIpv4 } from "../../../base/mod.ts";
import {
  type DialBudget,
  DialQueue,
  type DialRefusal,
  type Handshakes,
  type Routes,
} from "../../dial/mod.ts";
import type { PeerSocket, Transports } from "../../transport/mod.ts";
import { connectReading } from "./peer_pipes.ts";

/** The members of a torrent that a waiting dial needs. */
export interface DiallingTorrent {
  destroyed: boolean;
  /** The dial queue: peers of the torrent that wait to be dialled. */
  _queue: DialledPeer[];
  _drain(): void;
}

/** The members of a dialled peer that are watched. */
export interface DialledPeer {
  /** Address of the peer, `HOST:PORT`. */
  addr: string;
  conn: net.Socket | null;
  /** The BitTorrent connection; `null` until the TCP connection is established. */
  wire: EventEmitter | null;
  destroyed: boolean;
  /** Set by npm:webtorrent when the peer has completed the handshake. */
  _handshakeDone?: boolean;
}

/**
 * The outgoing dials of one client. Applies a {@linkcode DialBudget} to them and detects dials that
 * lead back to the client itself.
 */
export class OwnDials {
  /**
   * Peers that wait, outside their torrent's dial queue, until another dial to the same address has
   * ended.
   */
  readonly waiting = new DialQueue<{ torrent: DiallingTorrent; peer: DialledPeer }>();
  readonly clock: Clock;
  /** The forms of handshake, encrypted or plain, with which peers are dialled. */
  readonly handshakes: Handshakes;
  /** The ways to peers: of this thread, or through the gate. */
  readonly routes: Routes;
  readonly #budget: DialBudget;
  readonly #transports: Transports;
  /**
   * For each connected dial, by its local address and port: the function to call if the dial has
   * led to ourselves.
   */
  readonly #outgoing = new Map<string, () => void>();
  /** All open connections to peers, also those that are being dialled. */
  readonly #open = new Set<net.Socket>();
  /** Remote addresses and ports of incoming connections. Some of these connections may be our own dials. */
  readonly #incoming = new Set<string>();

  /** @param clock runs the timers after which peers are dialled again */
  constructor(
    budget: DialBudget,
    clock: Clock,
    handshakes: Handshakes,
    routes: Routes,
    transports: Transports,
  ) {
    this.#transports = transports;
    this.#budget = budget;
    this.handshakes = handshakes;
    this.routes = routes;
    this.clock = clock;
  }

  /**
   * Connects to a peer: by TCP, uTP or the first of both, through the gate if this thread may not.
   */
  connect(address: HostPort): PeerSocket {
    const { localAddress } = this.routes;
    const tcp = () => this.routes.dial(address) ?? connectReading({ ...address, localAddress });
    return this.#transports.dial(address, tcp, this.routes.hasUtp(address));
  }

  /**
   * Returns the reason why an address (`HOST:PORT`) must not be dialled now; `undefined` if it may
   * be dialled.
   */
  refusal(address: string): DialRefusal | undefined {
    const read = readHostPort(address);
    if (!("port" in read)) return undefined;
    return this.#budget.refusal(read) ??
      (this.routes.isWithoutRoute(read) ? "no route" : undefined);
  }

  /**
   * Whether dialling an address (`HOST:PORT`) must wait until another dial to the same address has
   * ended.
   */
  mustWait(address: string): boolean {
    const read = readHostPort(address);
    return "port" in read && this.#budget.mustWait(read);
  }

  /** Forgets that dials to an address have failed. */
  forgiveFailures(address: HostPort): void {
    this.#budget.forgiveFailures(address);
  }

  /** Whether this machine has dialled a host lately, at any port. */
  hasDialled(host: string): boolean {
    return this.#budget.hasDialled(unmapIpv4(host));
  }

  /**
   * Counts a dial in the budget, and reports whether the peer completed the handshake.
   *
   * @param onOurselves called if the dial has led to ourselves; the connection is then closed
   */
  watch(peer: DialledPeer, onOurselves: () => void): void {
    const address = readHostPort(peer.addr);
    if (!("port" in address)) return;
    this.#budget.dialled(address);
    const conn = peer.conn!;
    this.#note(conn);
    let from: string | undefined;
    let isAnswered = false;
    conn.once("connect", () => {
      // npm:webtorrent's listener for `handshake` runs before this listener, and sets
      // `_handshakeDone`.
      peer.wire?.once("handshake", () => {
        if (!peer._handshakeDone || isAnswered) return;
        isAnswered = true;
        this.#budget.answered(address);
        this.#goOn(peer.addr);
      });
      // Our end of a uTP connection is the one UDP socket, which tells nothing. The client's peer id
      // then tells that the peer is ourselves.
      if (conn.localPort === undefined) return;
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

  /**
   * Called when a dial to an address has been answered or has ended. Each peer that waited for it
   * is now dialled, dropped, or set waiting again.
   */
  #goOn(address: string): void {
    for (const { torrent, peer } of this.waiting.take(address)) {
      if (peer.destroyed || torrent.destroyed) continue;
      // The peer goes to the front of the queue, so that it is considered now even if its torrent
      // has no free connection.
      torrent._queue.unshift(peer);
      torrent._drain();
    }
  }

  /** Dials nothing until {@linkcode OwnDials.resume}, and closes all connections to peers. */
  suspend(): void {
    this.routes.isSuspended = true;
    for (const conn of [...this.#open]) {
      // After a plain close, the kernel would send unacknowledged bytes again and again. A socket that
      // is not connected yet would be reset only once it is.
      if (conn.resetAndDestroy && !conn.connecting) conn.resetAndDestroy();
      else conn.destroy();
    }
  }

  /** Dials again after {@linkcode OwnDials.suspend}. */
  resume(): void {
    this.routes.isSuspended = false;
  }

  #note(conn: net.Socket): void {
    this.#open.add(conn);
    conn.once("close", () => this.#open.delete(conn));
  }

  /** Checks whether an incoming connection is one of our own dials. */
  accepted(conn: net.Socket): void {
    this.#note(conn);
    const from = keyOf(conn.remoteAddress, conn.remotePort);
    this.#incoming.add(from);
    conn.once("close", () => this.#incoming.delete(from));
    this.#compare(from);
  }

  /**
   * Detects a connection to ourselves: its local end is in the outgoing dials and its remote end in
   * the incoming connections. Called from both sides, because either end may be reported first.
   */
  #compare(from: string): void {
    const onOurselves = this.#outgoing.get(from);
    // The connection is closed in a microtask, after all listeners for the new connection have run.
    if (onOurselves && this.#incoming.has(from)) queueMicrotask(onOurselves);
  }
}

/** Returns address and port as one key, whether or not an IPv4 address is mapped to IPv6. */
function keyOf(host: string | undefined, port: number | undefined): string {
  return `${host && unmapIpv4(host)} ${port}`;
}
