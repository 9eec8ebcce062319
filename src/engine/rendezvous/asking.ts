/**
 * Asks one question of the peers of a rendezvous. Anybody may stand there, so the work for a question is
 * bounded: peers, dials at once, time and bytes. No answer ends it early, because a few liars could then
 * keep all other answers from the reader.
 *
 * @module
 */

import {
  type Clock,
  formatHostPort,
  type HostPort,
  isPeerPort,
  type Timer,
} from "../../base/mod.ts";
import {
  decodeAnswer,
  encodeQuestion,
  MAX_RENDEZVOUS_BYTES,
  type RendezvousAnswer,
  type RendezvousQuestion,
} from "../../records/mod.ts";
import { ContentlessSwarm, type SwarmWire } from "../libraries/mod.ts";
import { Candidates } from "./candidates.ts";
import { NAMES_EXTENSION, speakNames } from "./names_extension.ts";
import type { AskedSwarm, RendezvousPeersOptions } from "./options.ts";

/** Outcome of a question to the peers of a rendezvous. */
export interface RendezvousAsked {
  /**
   * Number of networks (/24, or /48 of IPv6) in which the DHT named a peer. Only one peer of each
   * counts.
   */
  found: number;
  /** Number of peers that were dialled. */
  dialled: number;
  /** Number of peers that answered. */
  answered: number;
}

/** Options of a question. */
export interface AskOptions {
  /** Ends the question early. */
  signal: AbortSignal;
  /**
   * Searches for the peers of the rendezvous. May reject.
   *
   * @param onNamed called with the peers of each node's answer
   */
  findPeers: (onNamed: (peers: HostPort[]) => void, signal: AbortSignal) => Promise<unknown>;
  /** Whether an address is our own. */
  isOurs: (peer: HostPort) => boolean;
  /**
   * Called with each answer, and the peer's address without the port. Nothing of the answer is verified.
   */
  onAnswer: (answer: RendezvousAnswer, from: string) => void;
}

/** Maximum number of peers that are dialled for a question. */
const MAX_DIALS = 64;
/** Maximum number of dials at once. */
const MAX_AT_ONCE = 8;
/** Time for a question (ms). */
const QUESTION_MS = 6_000;
/**
 * Time after which the next peer is dialled beside a dial that has brought no answer (ms). A
 * connection that is not open by then is given up; an open one goes on. In the time for a question,
 * 32 silent peers are passed by.
 */
const PATIENCE_MS = 1_500;
/**
 * Maximum number of peers of one node that are dialled while other nodes may still answer. The first
 * node could otherwise fill all dials.
 */
const MAX_OF_FIRST_NODES = 2;
/** Maximum number of bytes that are read for a question. */
const MAX_BYTES = 1_048_576;
/**
 * Bytes that each of the {@linkcode MAX_DIALS} peers may send whatever the others send. Longer answers
 * share the rest of {@linkcode MAX_BYTES}.
 */
const BYTES_OF_EACH = 8_192;
/** Maximum number of bytes that one peer sends: handshakes, and an answer. */
const MAX_OF_PEER = MAX_RENDEZVOUS_BYTES + 2_048;
/** Number of the only question on a connection. */
const NUMBER = 1;

/** One question that is under way. */
export class Asking {
  readonly #question: RendezvousQuestion;
  readonly #options: AskOptions;
  readonly #clock: Clock;
  readonly #swarm: AskedSwarm;
  readonly #peers: RendezvousPeersOptions;
  readonly #candidates: Candidates;
  readonly #done = new AbortController();
  /** Timers of dials that have not made way yet, by address. */
  readonly #dials = new Map<string, Timer>();
  /** Bytes that each open connection has sent, by address. */
  readonly #bytes = new Map<string, number>();
  #sharedBytes = MAX_BYTES - MAX_DIALS * BYTES_OF_EACH;
  #isSearching = true;
  #dialled = 0;
  #answered = 0;

  constructor(
    infoHashHex: string,
    question: RendezvousQuestion,
    options: AskOptions,
    peers: RendezvousPeersOptions,
  ) {
    this.#question = question;
    this.#options = options;
    this.#peers = peers;
    this.#clock = peers.clock;
    // A refused port must not use up the turn of its network, in which an honest peer may be.
    this.#candidates = new Candidates((peer) =>
      isPeerPort(peer.port) && peers.mayDial(peer.host) && !options.isOurs(peer)
    );
    const { makeSwarm = (options) => new ContentlessSwarm(options) } = peers;
    this.#swarm = makeSwarm({
      client: peers.client,
      infoHashHex,
      onWire: (wire, address) => this.#ask(wire, address),
      onBytes: (address, bytes) => this.#count(address, bytes),
      onEnd: (address) => this.#ended(address),
    });
  }

  /** Asks, until all peers have answered or ended, or the time is over. */
  async run(): Promise<RendezvousAsked> {
    const ended = AbortSignal.any([this.#options.signal, this.#done.signal]);
    const { promise, resolve } = Promise.withResolvers<void>();
    if (ended.aborted) resolve();
    ended.addEventListener("abort", () => resolve(), { once: true });
    const timer = this.#clock.after(QUESTION_MS, resolve);
    this.#search(ended);
    await promise;
    timer.cancel();
    this.#done.abort();
    for (const dial of this.#dials.values()) dial.cancel();
    this.#dials.clear();
    this.#swarm.destroy();
    const { found } = this.#candidates;
    return { found, dialled: this.#dialled, answered: this.#answered };
  }

  #search(signal: AbortSignal): void {
    const onNamed = (peers: HostPort[]) => {
      this.#candidates.add(peers);
      this.#dialMore();
    };
    void this.#searchTwice(onNamed, signal).catch(() => {}).then(() => {
      this.#isSearching = false;
      this.#dialMore();
    });
  }

  /**
   * Searches again if nodes name only some of the peers that they know. Of eight nodes that name 50 of a
   * thousand each, one question in fifty meets none of ten honest peers; with a second draw, one in 3,400.
   */
  async #searchTwice(onNamed: (peers: HostPort[]) => void, signal: AbortSignal): Promise<void> {
    await this.#options.findPeers(onNamed, signal);
    if (!this.#candidates.isSample || signal.aborted) return;
    await this.#options.findPeers(onNamed, signal);
  }

  /** Dials as many peers as may be dialled now. */
  #dialMore(): void {
    if (this.#done.signal.aborted) return;
    while (this.#dials.size < MAX_AT_ONCE && this.#dialled < MAX_DIALS) {
      const peer = this.#candidates.next(this.#isSearching ? MAX_OF_FIRST_NODES : Infinity);
      if (!peer) break;
      const address = formatHostPort(peer);
      // The entry comes first, because a dial may end at once.
      this.#dials.set(address, this.#clock.after(PATIENCE_MS, () => this.#makeWay(address)));
      this.#bytes.set(address, 0);
      if (this.#swarm.dial(address)) this.#dialled++;
      else this.#forget(address);
    }
    const isOver = !this.#isSearching && this.#bytes.size === 0;
    if (isOver) this.#done.abort();
  }

  #makeWay(address: string): void {
    this.#dials.delete(address);
    this.#swarm.giveUp(address);
    this.#dialMore();
  }

  #ask(wire: SwarmWire, address: string): void {
    const close = () => this.#swarm.close(address);
    this.#peers.introduce(wire);
    let isAsked = false;
    let isKnown = false;
    speakNames(wire, {
      onKnown: () => {
        isKnown = true;
        if (isAsked) return;
        isAsked = true;
        wire.extended(NAMES_EXTENSION, encodeQuestion(NUMBER, this.#question));
      },
      onMessage: (message) => {
        const answer = isAsked ? readAnswer(message) : undefined;
        close();
        if (!answer || this.#done.signal.aborted) return;
        this.#answered++;
        this.#options.onAnswer(answer, wire.remoteAddress!);
      },
    });
    // Peers that do not know the extension are of no use.
    wire.on("extended", (name: unknown) => {
      if (name === "handshake" && !isKnown) close();
    });
  }

  #count(address: string, bytes: number): void {
    const before = this.#bytes.get(address);
    // A peer that was closed before its handshake is dialled in the other form.
    if (before === undefined) return this.#swarm.close(address);
    const now = before + bytes;
    this.#bytes.set(address, now);
    this.#sharedBytes -= Math.max(now - Math.max(before, BYTES_OF_EACH), 0);
    const isTooMuch = now > MAX_OF_PEER || now > BYTES_OF_EACH && this.#sharedBytes < 0;
    if (isTooMuch) this.#swarm.close(address);
  }

  #ended(address: string): void {
    this.#forget(address);
    queueMicrotask(() => this.#dialMore());
  }

  #forget(address: string): void {
    this.#dials.get(address)?.cancel();
    this.#dials.delete(address);
    this.#bytes.delete(address);
  }
}

/** Reads the answer to our question; `undefined` if it is none. */
function readAnswer(message: Uint8Array): RendezvousAnswer | undefined {
  if (message.length > MAX_RENDEZVOUS_BYTES) return undefined;
  try {
    const { number, answer } = decodeAnswer(message);
    return number === NUMBER ? answer : undefined;
  } catch {
    return undefined;
  }
}
