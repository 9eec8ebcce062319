/**
 * Dials peers, instead of npm:webtorrent. No address that {@linkcode DialBudget} refuses is
 * dialled, whatever its origin. An address that must wait is dialled after the running dials to the
 * same address have ended. The torrent emits `dial` for each dial, `refused` for each refusal, and
 * `fruitless` for a peer of a rendezvous that completes no handshake.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import type net from "node:net";
import { type HostPort, readHostPort, type Timer } from "../../../base/mod.ts";
import type { DialRefusal, HandshakeForm } from "../../dial/mod.ts";
import { carrierOf } from "../../transport/mod.ts";
import { replace, type Replacement } from "../replacing/mod.ts";
import { chooseHandshake, type Shaken } from "./encryption.ts";
import type { DialledPeer, DiallingTorrent, OwnDials } from "./own_dials.ts";
import { connectReading } from "./peer_pipes.ts";
import { torrentPrototype } from "./torrent_prototype.ts";
import type { Torrent } from "./webtorrent_types.ts";

/** The members of a torrent, or of a swarm without content, that are needed for dialling. */
export interface Dialling extends EventEmitter, DiallingTorrent {
  client: { maxConns: number; dials?: OwnDials };
  paused: boolean;
  _queue: Waiting[];
  _peers: Map<string, unknown>;
  /** Number of established connections of the torrent. */
  _numConns: number;
  /** Number of running dials, which have neither connected nor failed. */
  _numPending: number;
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
  /** Added by libreseed: whether no peer is dialled again after its connection has ended. */
  dialsOnce?: boolean;
  /** Added by libreseed: whether a peer of the rendezvous is dialled again by itself. */
  redialsFromRendezvous?: (address: string) => boolean;
}

/** A peer that is queued for dialling or has been dialled. */
export interface Waiting extends Shaken, DialledPeer {
  id: string;
  /** Transport and direction of the connection: `tcpOutgoing` or `utpOutgoing`. */
  type: string;
  conn: net.Socket | null;
  wire: EventEmitter | null;
  swarm: unknown;
  /** Origin of the address: `ut_pex` if another peer sent it (peer exchange, BEP 11). */
  source: string | null;
  /** Number of times that the peer has been dialled again. */
  retries: number;
  destroyed: boolean;
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
   */
  admits(address: string): boolean;
}

/** Origin of an address that another peer sent (peer exchange, BEP 11). */
const PEX_SOURCE = "ut_pex";
/**
 * Origin of an address that was found at a publisher's rendezvous. `download/rendezvous_dials.ts` has
 * few of them dialled at a time, so they are dialled next. If one ends the connection without a
 * handshake, the torrent emits `fruitless`.
 */
export const RENDEZVOUS_SOURCE = "rendezvous";
/**
 * Maximum number of peers of a torrent that are queued for dialling, whether it is downloaded or
 * seeded. Each takes some 2 kB.
 */
const MAX_QUEUED = 500;
/**
 * Maximum length of the dial queue at which peers from peer exchange are still added. Each dead
 * peer in the queue may delay the peers behind it by seconds.
 */
const MAX_QUEUED_FOR_PEX = 20;

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
          const most = source === PEX_SOURCE ? MAX_QUEUED_FOR_PEX : MAX_QUEUED;
          // While the torrent is held, a dial takes the place of another one.
          const isFull = (this._queue?.length ?? 0) >= most;
          if (!this.isHeld && isFull && source !== RENDEZVOUS_SOURCE) return null;
          if (this.addressFilters?.some((filter) => !filter.admits(peer))) return null;
          const refusal = this.client?.dials?.refusal(peer);
          if (refusal) {
            this.emit("refused", peer, refusal);
            return null;
          }
        }
        const added = addPeer.call(this, peer, type, source);
        if (source !== PEX_SOURCE && added && this._queue?.at(-1) === added) {
          if (source === RENDEZVOUS_SOURCE) this._queue.unshift(this._queue.pop()!);
          else putBeforePexPeers(this._queue);
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
        if (peer) dialPeer(this, peer, dials);
      },
  }),
];

/** Adds a filter that decides which addresses a download may queue for dialling. */
export function addAddressFilter(torrent: Torrent, filter: AddressFilter): void {
  ((torrent as unknown as Dialling).addressFilters ??= []).push(filter);
}

/** Sets which peers of the rendezvous are dialled again when a connection to them has ended. */
export function redialFromRendezvous(torrent: Torrent, may: (address: string) => boolean): void {
  (torrent as unknown as Dialling).redialsFromRendezvous = may;
}

/** Forgets that dials to an address have failed, because a peer has introduced us to it. */
export function forgiveFailures(torrent: Torrent, address: HostPort): void {
  (torrent as unknown as Dialling).client.dials?.forgiveFailures(address);
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
export function dialPeer(torrent: Dialling, peer: Waiting, dials: OwnDials | undefined): void {
  const address = readHostPort(peer.addr);
  if (!("port" in address)) return drop(torrent, peer, "port");
  const conn = peer.conn = (dials?.connect(address) ?? connectReading(address)) as net.Socket;
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
    // npm:webtorrent gives the connection this type.
    if (carrierOf(conn) === "utp") peer.type = "utpOutgoing";
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
  if (peer.source === RENDEZVOUS_SOURCE) {
    if (!peer._handshakeDone) torrent.emit("fruitless", peer.addr);
    if (!torrent.redialsFromRendezvous?.(peer.addr)) return;
  }
  const pauseMs = torrent.dialsOnce ? undefined : REDIAL_MS[peer.retries];
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
