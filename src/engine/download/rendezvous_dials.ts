/**
 * Dials the peers that were found at the rendezvous of an archive's publisher. Each of them has some
 * archive of the publisher, and anybody can be named there, so few of them may have this archive. They
 * are dialled a few at a time, drawn evenly from the nodes that named them, and judged by what they do.
 *
 * @module
 */

import { type Clock, formatHostPort, machineOf, readHostPort, shuffle } from "../../base/mod.ts";
import type { PeerAddress } from "../../dht/mod.ts";
import {
  redialFromRendezvous,
  RENDEZVOUS_SOURCE,
  stopDialling,
  type Torrent,
  type Wire,
} from "../libraries/mod.ts";
import type { PublisherPeers } from "./publisher_peers.ts";

/** Number of peers of the rendezvous that are dialled or judged at a time, at first. */
const FIRST_AT_ONCE = 8;
/**
 * Maximum number of peers that are dialled or judged at a time. The others of a torrent's 50
 * connections stay free for peers of the archive's own infohash.
 */
const MAX_AT_ONCE = 32;
/**
 * Time after which {@linkcode FIRST_AT_ONCE} more peers are dialled, while none has sent anything (ms).
 * An address where nobody listens takes five seconds.
 */
const WIDEN_MS = 1_000;
/** Time from the handshake until a peer must have told of a piece (ms). */
const OFFER_MS = 10_000;
/** Time from the handshake until a peer must have sent a block, if others wait to be dialled (ms). */
const BLOCK_MS = 20_000;
/**
 * Time from the dial until a peer must have completed the handshake, if others wait to be dialled (ms).
 * An encrypted handshake takes three round trips.
 */
const HANDSHAKE_MS = 4_000;
/** Maximum time for which a peer is neither dialled nor refused, because another dial goes first (ms). */
const DIAL_MS = 60_000;
/** No more peers are drawn while this number of peers have sent something. */
const ENOUGH = 10;
/** Maximum number of nodes whose answers are drawn from. */
const MAX_ANSWERS = 64;
/** Maximum number of machines that are remembered as drawn. */
const MAX_MACHINES = 4_096;

/** Options of {@linkcode RendezvousDials}. */
export interface RendezvousDialsOptions {
  torrent: Torrent;
  clock: Clock;
  /** Infohash of the archive, 40 hexadecimal digits. */
  infoHashHex: string;
  /** Identity of the publisher, 64 hexadecimal digits. */
  publisherHex: string;
  /** Memory of such peers, which all downloads of the engine share. */
  known: PublisherPeers;
  random?: () => number;
}

/** A peer that one node has named. */
interface Named {
  address: string;
  machine: string;
}

/** A dialled peer that is not judged yet. */
interface Undecided {
  /** Time of the handshake, of the dial, or when the torrent was given the address (ms). */
  sinceMs: number;
  isDialled?: boolean;
  wire?: Wire;
  /** Whether the peer has told of a piece. */
  offers?: boolean;
}

/** The peers of one publisher's rendezvous in one download. */
export class RendezvousDials {
  readonly #options: Required<RendezvousDialsOptions>;
  /** Answers of the nodes: machines that were not drawn before, and the rest. The next node is first. */
  #answers: { fresh: Named[]; rest: Named[] }[] = [];
  #search: number | undefined;
  /** Addresses that were drawn since the last search began. */
  #drawn = new Set<string>();
  readonly #machines = new Set<string>();
  readonly #undecided = new Map<string, Undecided>();
  /** Addresses of peers that have sent something in this download. */
  readonly #proven = new Set<string>();
  #firstMs: number | undefined;

  constructor(options: RendezvousDialsOptions) {
    this.#options = { random: Math.random, ...options };
    const { torrent, clock, known, publisherHex } = this.#options;
    redialFromRendezvous(torrent, (address) => this.#proven.has(address));
    torrent.on("fruitless", (address: string) => this.#judge(address, "lacking"));
    torrent.on("refused", (address: string) => this.#judge(address, "unknown"));
    torrent.on("wire", (wire: Wire, address?: string) => {
      const peer = address === undefined ? undefined : this.#undecided.get(address);
      if (peer) this.#watch(address!, peer, wire);
    });
    torrent.on("dial", (address: string) => {
      const peer = this.#undecided.get(address);
      if (!peer || peer.isDialled) return;
      peer.isDialled = true;
      peer.sinceMs = clock.now();
    });
    torrent.once("infoHash", () => this.#fill());
    this.#take(known.useful(publisherHex));
  }

  /**
   * Takes the peers that one node has named.
   *
   * @param search number of the search, by which peers of an older search are dropped
   */
  add(search: number, named: readonly PeerAddress[]): void {
    if (this.#search !== search) {
      if (this.#search !== undefined) this.#answers = [];
      this.#search = search;
      this.#drawn = new Set();
    }
    this.#take(named.map(formatHostPort));
  }

  #take(addresses: readonly string[]): void {
    if (addresses.length === 0 || this.#answers.length >= MAX_ANSWERS) return;
    const fresh = addresses.map((address) => ({ address, machine: machineIn(address) }));
    shuffle(fresh, this.#options.random);
    this.#answers.push({ fresh, rest: [] });
    this.#fill();
  }

  /** Gives up peers whose time has passed, and dials others in their place. */
  update(): void {
    const { torrent, clock } = this.#options;
    if (torrent.destroyed) return;
    const nowMs = clock.now();
    if (this.#undecided.size === 0) return this.#fill();
    const othersWait = this.#hasNext();
    for (const [address, { wire, offers, isDialled, sinceMs }] of this.#undecided) {
      const waitedMs = Math.abs(nowMs - sinceMs);
      if (wire && !offers && waitedMs >= OFFER_MS) this.#giveUp(address, "lacking");
      else if (wire && othersWait && waitedMs >= BLOCK_MS) this.#giveUp(address, "unknown");
      else if (!wire && isDialled && othersWait && waitedMs >= HANDSHAKE_MS) {
        this.#giveUp(address, "lacking");
      } else if (!wire && waitedMs >= DIAL_MS) this.#giveUp(address, "unknown");
    }
    this.#fill();
  }

  /** Dials peers until enough are under way. */
  #fill(): void {
    const { torrent, clock } = this.#options;
    if (torrent.destroyed || torrent.done || !torrent.infoHash) return;
    if (torrent.wires.filter((wire) => wire.downloaded > 0).length >= ENOUGH) return;
    const passedMs = Math.abs(clock.now() - (this.#firstMs ?? clock.now()));
    const steps = 1 + Math.floor(passedMs / WIDEN_MS);
    const atOnce = Math.min(FIRST_AT_ONCE * steps, MAX_AT_ONCE);
    while (this.#undecided.size < atOnce) {
      const address = this.#next();
      if (address === undefined) return;
      this.#firstMs ??= clock.now();
      this.#undecided.set(address, { sinceMs: clock.now() });
      // The address may be dialled already, because the archive's own infohash led to it too.
      if (!torrent.addPeer(address, RENDEZVOUS_SOURCE)) this.#undecided.delete(address);
    }
  }

  /** Draws an address: of each node in turn, and one of each machine before the others. */
  #next(): string | undefined {
    for (const kind of ["fresh", "rest"] as const) {
      for (let left = this.#answers.length; left > 0; left--) {
        const answer = this.#answers.shift()!;
        this.#answers.push(answer);
        const address = this.#drawFrom(answer, kind);
        if (address !== undefined) return address;
      }
    }
    return undefined;
  }

  #drawFrom(answer: { fresh: Named[]; rest: Named[] }, kind: "fresh" | "rest"): string | undefined {
    const { known, infoHashHex } = this.#options;
    for (let named; (named = answer[kind].pop());) {
      const { address, machine } = named;
      if (this.#drawn.has(address) || this.#undecided.has(address)) continue;
      if (known.lacks(infoHashHex, address)) continue;
      if (kind === "fresh" && this.#machines.has(machine)) {
        answer.rest.push(named);
        continue;
      }
      this.#drawn.add(address);
      if (this.#machines.size >= MAX_MACHINES) this.#machines.clear();
      this.#machines.add(machine);
      return address;
    }
    return undefined;
  }

  #hasNext(): boolean {
    const { known, infoHashHex } = this.#options;
    const isNext = ({ address }: Named) =>
      !this.#drawn.has(address) && !known.lacks(infoHashHex, address);
    return this.#answers.some(({ fresh, rest }) => fresh.some(isNext) || rest.some(isNext));
  }

  #watch(address: string, peer: Undecided, wire: Wire): void {
    peer.wire = wire;
    peer.sinceMs = this.#options.clock.now();
    const offer = () => peer.offers = true;
    wire.once("have", offer);
    wire.once("have-all", offer);
    wire.on("bitfield", (pieces: { buffer: Uint8Array }) => {
      if (pieces.buffer.some((byte) => byte !== 0)) offer();
    });
    wire.once("piece", () => this.#judge(address, "useful"));
    wire.once("close", () => this.#judge(address, peer.offers ? "unknown" : "lacking"));
  }

  /** Ends the dial or the connection. The peer is not dialled again by itself. */
  #giveUp(address: string, verdict: "lacking" | "unknown"): void {
    const { torrent } = this.#options;
    const { wire } = this.#undecided.get(address) ?? {};
    this.#judge(address, verdict);
    if (!wire) return torrent.removePeer(address);
    stopDialling(torrent, wire);
    wire.destroy();
  }

  #judge(address: string, verdict: "useful" | "lacking" | "unknown"): void {
    if (!this.#undecided.delete(address)) return;
    const { torrent, known, infoHashHex, publisherHex } = this.#options;
    // The end of a download ends all its connections.
    if (verdict === "lacking" && !torrent.destroyed) known.noteLacking(infoHashHex, address);
    if (verdict === "useful") {
      this.#proven.add(address);
      known.noteUseful(publisherHex, address);
    }
    // A refusal is told from inside `addPeer`.
    queueMicrotask(() => this.#fill());
  }
}

function machineIn(address: string): string {
  const read = readHostPort(address);
  return "host" in read ? machineOf(read.host) : address;
}
