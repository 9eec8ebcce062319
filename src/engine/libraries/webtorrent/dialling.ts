/**
 * Dialling peers, in place of npm:webtorrent's own dialling: an address that the budget refuses is not
 * dialled, whatever its origin, and one that has to wait for other dials to the same address is dialled
 * after these. Each dial is an event `dial` of its torrent, each refusal an event `refused`.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import type net from "node:net";
import { type Clock, readHostPort, type Timer } from "../../../base/mod.ts";
import { type DialBudget, DialQueue, type DialRefusal } from "../../dial/mod.ts";
import { replace, type Replacement } from "../replacing/mod.ts";
import { connectReading } from "./peer_pipes.ts";
import { torrentPrototype } from "./torrent_prototype.ts";
import type { Torrent } from "./webtorrent_types.ts";

/** The parts of a torrent that have to do with dialling. */
interface Dialling extends EventEmitter {
  client: { maxConns: number; dials?: OwnDials };
  destroyed: boolean;
  paused: boolean;
  /** Peers that wait to be dialled. */
  _queue: Waiting[];
  _peers: Map<string, unknown>;
  /** Number of connections. */
  _numConns: number;
  /** Number of dials that have neither connected nor failed. */
  _numPending: number;
  _drain(): void;
  _addPeer(peer: unknown, type: string, source?: string | null): Waiting | null;
  /** Ours: each decides whether an address may wait to be dialled. */
  addressFilters?: AddressFilter[];
  /** Ours: timers of peers that will be dialled again. */
  redials?: Set<Timer>;
}

/** A peer that waits to be dialled, or is dialled. */
interface Waiting {
  id: string;
  /** `HOST:PORT` */
  addr: string;
  conn: net.Socket | null;
  /** The connection object, from when the connection stands. */
  wire: EventEmitter | null;
  swarm: unknown;
  /** Origin of the address: `ut_pex` if a peer named it. */
  source: string | null;
  /** Number of dials that have failed. */
  retries: number;
  destroyed: boolean;
  /** The package's own mark. */
  _handshakeDone?: boolean;
  onConnect(): void;
  startConnectTimeout(): void;
  destroy(error?: Error): void;
}

/** Decides whether an address may wait to be dialled in one download. */
export interface AddressFilter {
  /**
   * @param address `HOST:PORT`
   * @param source origin of the address: {@linkcode PEX_SOURCE} if a peer named it
   * @param waiting number of peers that wait already
   */
  admits(address: string, source: string | null | undefined, waiting: number): boolean;
}

/** The origin of an address that a peer named (BEP 11). */
export const PEX_SOURCE = "ut_pex";

/** Pauses before a peer is dialled again after its connection has ended, in milliseconds. */
const REDIAL_MS = [1_000, 5_000, 15_000];

const torrents = torrentPrototype<Dialling>();

/** The replaced members that have to do with dialling. */
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
        if (this.destroyed) return;
        const { dials, maxConns } = this.client;
        setAside(this, dials);
        if (this.paused || this._numConns + this._numPending >= maxConns) return;
        const peer = this._queue.shift();
        if (peer) dial(this, peer, dials);
      },
  }),
];

/** Has a filter decide which addresses may wait to be dialled in a download. */
export function addAddressFilter(torrent: Torrent, filter: AddressFilter): void {
  ((torrent as unknown as Dialling).addressFilters ??= []).push(filter);
}

/** Moves the peer at the end of the queue before those that peers have named. */
function putBeforePexPeers(queue: Waiting[]): void {
  const at = queue.findIndex(({ source }) => source === PEX_SOURCE);
  if (at >= 0) queue.splice(at, 0, queue.pop()!);
}

/** Leaves a peer first in the queue that may be dialled now: others are dropped, or set aside to wait. */
function setAside(torrent: Dialling, dials: OwnDials | undefined): void {
  for (let next; (next = torrent._queue?.[0]);) {
    // The address may have been refused since it was queued.
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
  // With its torrent, the peer would have the next one dialled from inside this call.
  peer.swarm = null;
  peer.destroy();
  torrent.emit("refused", peer.addr, refusal);
}

/** Dials a peer, and again later if the connection ends. */
function dial(torrent: Dialling, peer: Waiting, dials: OwnDials | undefined): void {
  const address = readHostPort(peer.addr);
  if (!("port" in address)) return drop(torrent, peer, "port");
  const conn = peer.conn = connectReading(address);
  torrent._numPending++;
  let isPending = true;
  const settle = () => {
    if (isPending) torrent._numPending--;
    isPending = false;
  };
  conn.once("connect", () => {
    settle();
    if (!torrent.destroyed) peer.onConnect();
  });
  conn.once("error", (error) => {
    settle();
    peer.destroy(error);
  });
  conn.once("close", settle);
  peer.startConnectTimeout();
  conn.on("close", () => redialLater(torrent, peer, dials));
  dials?.watch(peer, () => torrent.emit("refused", peer.addr, "ourselves"));
  torrent.emit("dial", peer.addr, conn);
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

/** A set of timers that are cancelled when the torrent is ended. */
function cancelledAtClose(torrent: Dialling): Set<Timer> {
  const timers = new Set<Timer>();
  torrent.once("close", () => {
    for (const timer of timers) timer.cancel();
  });
  return timers;
}

/** The dials of one client. */
export class OwnDials {
  /** Peers set aside from their torrent's queue until another dial to the same address has ended. */
  readonly waiting = new DialQueue<{ torrent: Dialling; peer: Waiting }>();
  readonly clock: Clock;
  readonly #budget: DialBudget;
  /** Functions to call if a dial has led to ourselves, by the dial's local address and port. */
  readonly #outgoing = new Map<string, () => void>();
  /** Remote addresses and ports of the connections that came in; some may be our own dials. */
  readonly #incoming = new Set<string>();

  /** @param clock times when a peer is dialled again */
  constructor(budget: DialBudget, clock: Clock) {
    this.#budget = budget;
    this.clock = clock;
  }

  /** The reason not to dial an address, `HOST:PORT`, now; `undefined` if there is none. */
  refusal(address: string): DialRefusal | undefined {
    const read = readHostPort(address);
    return "port" in read ? this.#budget.refusal(read) : undefined;
  }

  /** Whether an address, `HOST:PORT`, has to wait until another dial to it has ended. */
  mustWait(address: string): boolean {
    const read = readHostPort(address);
    return "port" in read && this.#budget.mustWait(read);
  }

  /**
   * Counts a dial, and whether a peer answered it with a handshake.
   *
   * @param onOurselves called if the dial led to ourselves; the connection ends then
   */
  watch(peer: Waiting, onOurselves: () => void): void {
    const address = readHostPort(peer.addr);
    if (!("port" in address)) return;
    this.#budget.dialled(address);
    const conn = peer.conn!;
    let from: string | undefined;
    let isAnswered = false;
    conn.once("connect", () => {
      // The package's own listener runs first and sets the mark.
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

  /** Reconsiders the peers that waited for a dial to an address: they are dialled, dropped, or wait on. */
  #goOn(address: string): void {
    for (const { torrent, peer } of this.waiting.take(address)) {
      if (peer.destroyed || torrent.destroyed) continue;
      // At the head of the queue it is considered now, even if its torrent has no room for a connection.
      torrent._queue.unshift(peer);
      torrent._drain();
    }
  }

  /** Considers a connection that came in: it may be a dial of our own. */
  accepted(conn: net.Socket): void {
    const from = keyOf(conn.remoteAddress, conn.remotePort);
    this.#incoming.add(from);
    conn.once("close", () => this.#incoming.delete(from));
    this.#compare(from);
  }

  /** Compares both ends of a connection: either may be heard of first. */
  #compare(from: string): void {
    const onOurselves = this.#outgoing.get(from);
    // Later, when all listeners have heard of the connection.
    if (onOurselves && this.#incoming.has(from)) queueMicrotask(onOurselves);
  }
}

/** Address and port as a key. A listener for both families writes IPv4 addresses as IPv6 ones. */
function keyOf(host: string | undefined, port: number | undefined): string {
  return `${host?.replace(/^::ffff:(?=\d+\.)/, "")} ${port}`;
}
