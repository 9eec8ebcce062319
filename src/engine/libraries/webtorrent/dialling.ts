/**
 * Dials peers, instead of npm:webtorrent. No address that {@linkcode DialBudget} refuses is
 * dialled, whatever its origin. An address that must wait is dialled after the running dials to the
 * same address have ended. The torrent emits `dial` for each dial and `refused` for each refusal.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import type net from "node:net";
import { type Clock, readHostPort, type Timer } from "../../../base/mod.ts";
import {
  type DialBudget,
  DialQueue,
  type DialRefusal,
  type HandshakeForm,
  type Handshakes,
  type Routes,
} from "../../dial/mod.ts";
import { replace, type Replacement } from "../replacing/mod.ts";
import { chooseHandshake, type Shaken } from "./encryption.ts";
import { connectReading } from "./peer_pipes.ts";
import { torrentPrototype } from "./torrent_prototype.ts";
import type { Torrent } from "./webtorrent_types.ts";

/** The members of a torrent that are needed for dialling. */
interface Dialling extends EventEmitter {
  client: { maxConns: number; dials?: OwnDials };
  destroyed: boolean;
  paused: boolean;
  /** The dial queue: peers of the torrent that wait to be dialled. */
  _queue: Waiting[];
  _peers: Map<string, unknown>;
  /** Number of established connections of the torrent. */
  _numConns: number;
  /** Number of running dials, which have neither connected nor failed. */
  _numPending: number;
  _drain(): void;
  _addPeer(peer: unknown, type: string, source?: string | null): Waiting | null;
  /**
   * Added by libreseed: filters that must all admit an address before it is queued for dialling.
   */
  addressFilters?: AddressFilter[];
  /**
   * Added by libreseed: timers of peers whose connection has ended and that will be dialled again.
   */
  redials?: Set<Timer>;
  /** Added by libreseed: whether no peer of the queue is dialled just now. */
  isHeld?: boolean;
}

/** A peer that is queued for dialling or has been dialled. */
interface Waiting extends Shaken {
  id: string;
  /** Address of the peer, `HOST:PORT`. */
  addr: string;
  conn: net.Socket | null;
  /** The BitTorrent connection; `null` until the TCP connection is established. */
  wire: EventEmitter | null;
  swarm: unknown;
  /** Origin of the address: `ut_pex` if another peer sent it (peer exchange, BEP 11). */
  source: string | null;
  /** Number of times that the peer has been dialled again. */
  retries: number;
  destroyed: boolean;
  /** Set by npm:webtorrent when the peer has completed the handshake. */
  _handshakeDone?: boolean;
  onConnect(): void;
  startConnectTimeout(): void;
  destroy(error?: Error): void;
}

/** Decides for one download which addresses may be queued for dialling. */
export interface AddressFilter {
  /**
   * Returns whether an address may be queued for dialling.
   *
   * @param address `HOST:PORT`
   * @param source origin of the address: {@linkcode PEX_SOURCE} if another peer sent it
   * @param waiting number of peers already in the queue
   */
  admits(address: string, source: string | null | undefined, waiting: number): boolean;
}

/** Origin of an address that another peer sent (peer exchange, BEP 11). */
export const PEX_SOURCE = "ut_pex";

/**
 * Delays, in milliseconds, after which a peer is dialled again when its connection has ended:
 * first, second and third time.
 */
const REDIAL_MS = [1_000, 5_000, 15_000];

const torrents = torrentPrototype<Dialling>();

/** The replaced members of npm:webtorrent's torrent that dial peers. */
export const diallingReplacements: readonly Replacement[] = [
  replace(torrents, "_addPeer", {
    because: "any address that anybody names is dialled, at any port and any number of times",
    report: "docs/upstream/webtorrent-hooks.md",
    until: "a release asks before it queues and before it dials an address",
    pinned: "3f66b33928fc57fe153ba00fd4c4cbd8587f626e290b2f271d67cbf8007d349a",
    parameters: 3,
    by: (addPeer) =>
      function (this: Dialling, peer: unknown, type: string, source?: string | null) {
        if (typeof peer === "string") {
          const waiting = this._queue?.length ?? 0;
          const filters = this.addressFilters ?? [];
          if (filters.some((filter) => !filter.admits(peer, source, waiting))) return null;
          const refusal = this.client?.dials?.refusal(peer);
          if (refusal) {
            this.emit("refused", peer, refusal);
            return null;
          }
        }
        const added = addPeer.call(this, peer, type, source);
        if (source !== PEX_SOURCE && added && this._queue?.at(-1) === added) {
          putBeforePexPeers(this._queue);
        }
        return added;
      },
  }),
  replace(torrents, "_drain", {
    because:
      "it dials with `net.connect` and none of the options that a connection needs to read " +
      "into one buffer; and nobody is asked, or hears of it",
    report: "docs/upstream/webtorrent-hooks.md",
    until: "a release takes a function that connects to a peer",
    pinned: "3fc24ce3a59eeda4475f468b19ec99826d909956b5a3f2804f2adefcde57293a",
    parameters: 0,
    by: () =>
      function (this: Dialling) {
        if (this.destroyed || this.isHeld) return;
        const { dials, maxConns } = this.client;
        setAside(this, dials);
        if (this.paused || this._numConns + this._numPending >= maxConns) return;
        const peer = this._queue.shift();
        if (peer) dial(this, peer, dials);
      },
  }),
];

/** Adds a filter that decides which addresses a download may queue for dialling. */
export function addAddressFilter(torrent: Torrent, filter: AddressFilter): void {
  ((torrent as unknown as Dialling).addressFilters ??= []).push(filter);
}

/** Moves the last peer of the dial queue before all peers whose address came from peer exchange. */
function putBeforePexPeers(queue: Waiting[]): void {
  const at = queue.findIndex(({ source }) => source === PEX_SOURCE);
  if (at >= 0) queue.splice(at, 0, queue.pop()!);
}

/**
 * Removes peers from the front of the dial queue until the first one may be dialled now. A peer
 * whose address is refused is dropped. A peer that must wait for another dial moves to the queue of
 * waiting dials.
 */
function setAside(torrent: Dialling, dials: OwnDials | undefined): void {
  for (let next; (next = torrent._queue?.[0]);) {
    // An address may be refused now although it was allowed when it was queued.
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
  // `destroy` would make the torrent dial its next peer from inside this call. Removing the peer's
  // link to the torrent first prevents that dial.
  peer.swarm = null;
  peer.destroy();
  torrent.emit("refused", peer.addr, refusal);
}

/**
 * Dials a peer. If the peer does not answer this form of handshake, it is dialled at once with the
 * other form. If the connection ends otherwise, the peer is dialled again later.
 */
function dial(torrent: Dialling, peer: Waiting, dials: OwnDials | undefined): void {
  const address = readHostPort(peer.addr);
  if (!("port" in address)) return drop(torrent, peer, "port");
  const conn = peer.conn = dials?.routes.dial(address) as net.Socket | undefined ??
    connectReading(address);
  let isUnanswered = false;
  const onConnected = dials && chooseHandshake(peer, dials.handshakes, dials.clock, (form) => {
    isUnanswered = true;
    dialOtherwise(torrent, peer, form);
  });
  torrent._numPending++;
  let isPending = true;
  const settle = () => {
    if (isPending) torrent._numPending--;
    isPending = false;
  };
  conn.once("connect", () => {
    settle();
    if (torrent.destroyed) return;
    peer.onConnect();
    onConnected?.();
  });
  conn.once("error", (error) => {
    settle();
    peer.destroy(error);
  });
  conn.once("close", settle);
  peer.startConnectTimeout();
  conn.on("close", () => {
    if (!isUnanswered) redialLater(torrent, peer, dials);
  });
  dials?.watch(peer, () => torrent.emit("refused", peer.addr, "ourselves"));
  torrent.emit("dial", peer.addr, conn);
}

/** Ends a dial and dials its peer again at once, in the place of the first dial. */
function dialOtherwise(torrent: Dialling, peer: Waiting, form: HandshakeForm): void {
  if (torrent.destroyed) return;
  if (torrent._peers.get(peer.id) === peer) torrent._peers.delete(peer.id);
  // `destroy` would make the torrent dial its next peer from inside this call. Removing the peer's
  // link to the torrent first prevents that dial.
  peer.swarm = null;
  peer.destroy();
  torrent.isHeld = true;
  const again = torrent._addPeer(peer.addr, "tcp", peer.source);
  torrent.isHeld = false;
  if (again) {
    again.retries = peer.retries;
    again.secondForm = form;
    torrent._queue.splice(torrent._queue.indexOf(again), 1);
    torrent._queue.unshift(again);
  }
  torrent._drain();
}

function redialLater(torrent: Dialling, peer: Waiting, dials: OwnDials | undefined): void {
  const pauseMs = REDIAL_MS[peer.retries];
  if (torrent.destroyed || !dials || pauseMs === undefined) return;
  const redials = torrent.redials ??= cancelledAtClose(torrent);
  const timer = dials.clock.after(pauseMs, () => {
    redials.delete(timer);
    const again = torrent._addPeer(peer.addr, "tcp", peer.source);
    if (again) again.retries = peer.retries + 1;
  });
  redials.add(timer);
}

/** Returns a set of timers. When the torrent ends, all timers in the set are cancelled. */
function cancelledAtClose(torrent: Dialling): Set<Timer> {
  const timers = new Set<Timer>();
  torrent.once("close", () => {
    for (const timer of timers) timer.cancel();
  });
  return timers;
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
  readonly waiting = new DialQueue<{ torrent: Dialling; peer: Waiting }>();
  readonly clock: Clock;
  /** The forms of handshake, encrypted or plain, with which peers are dialled. */
  readonly handshakes: Handshakes;
  /** The ways to peers: of this thread, or through the gate. */
  readonly routes: Routes;
  readonly #budget: DialBudget;
  /**
   * For each connected dial, by its local address and port: the function to call if the dial has
   * led to ourselves.
   */
  readonly #outgoing = new Map<string, () => void>();
  /** Remote addresses and ports of incoming connections. Some of these connections may be our own dials. */
  readonly #incoming = new Set<string>();

  /** @param clock runs the timers after which peers are dialled again */
  constructor(budget: DialBudget, clock: Clock, handshakes: Handshakes, routes: Routes) {
    this.#budget = budget;
    this.handshakes = handshakes;
    this.routes = routes;
    this.clock = clock;
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

  /**
   * Counts a dial in the budget, and reports whether the peer completed the handshake.
   *
   * @param onOurselves called if the dial has led to ourselves; the connection is then closed
   */
  watch(peer: Waiting, onOurselves: () => void): void {
    const address = readHostPort(peer.addr);
    if (!("port" in address)) return;
    this.#budget.dialled(address);
    const conn = peer.conn!;
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

  /** Checks whether an incoming connection is one of our own dials. */
  accepted(conn: net.Socket): void {
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

/**
 * Returns address and port as one key. A dual-stack listener reports IPv4 addresses as
 * `::ffff:a.b.c.d`, so that prefix is removed.
 */
function keyOf(host: string | undefined, port: number | undefined): string {
  return `${host?.replace(/^::ffff:(?=\d+\.)/, "")} ${port}`;
}
