/**
 * Rendezvous, as the worker thread sees them: announces the places at which this machine can be met,
 * hands the questions of peers to the command's thread, and asks the peers of a rendezvous.
 *
 * @module
 */

import { type Clock, type Timer, toHex } from "../base/mod.ts";
import type { PeerAddress } from "../dht/mod.ts";
import type { RendezvousPeers } from "../engine/mod.ts";
import { type RendezvousAnswer, rendezvousOf, type RendezvousQuestion } from "../records/mod.ts";
import type { RendezvousAsked, RendezvousPlace, WorkerEvent } from "./protocol.ts";

/** Options of {@linkcode Rendezvous}. */
export interface RendezvousOptions {
  clock: Clock;
  send: (event: WorkerEvent) => void;
  /** The engine's part: takes connections, and makes them. */
  peers: () => Pick<RendezvousPeers, "ask" | "setPlaces">;
  /** The announcement schedule. */
  schedule: () => {
    keepTorrent(infoHashHex: string, dueMs: number): void;
    forget(infoHashHex: string): void;
  };
  /**
   * Searches for peers in the DHT. May reject.
   *
   * @param onNamed called with all peers of each node's answer
   */
  findPeers: (
    infoHash: Uint8Array,
    onNamed: (peers: PeerAddress[]) => void,
    signal: AbortSignal,
  ) => Promise<unknown>;
  /** Whether an address is our own. */
  isOurs: (peer: PeerAddress) => boolean;
}

/** Time that the command's thread has for an answer (ms). The peer then gets an empty answer. */
const ANSWER_MS = 5_000;
/** Maximum number of questions without an answer. Further ones get an empty answer at once. */
const MAX_UNANSWERED = 256;

/** The rendezvous of one worker. */
export class Rendezvous {
  readonly #options: RendezvousOptions;
  #places = new Set<string>();
  /** For each question without an answer: gives the answer. */
  readonly #waiting = new Map<number, (answer: RendezvousAnswer) => void>();
  #questions = 0;

  constructor(options: RendezvousOptions) {
    this.#options = options;
  }

  /** See `WorkerApi.setRendezvous`. */
  set(places: readonly RendezvousPlace[]): void {
    const schedule = this.#options.schedule();
    const before = this.#places;
    this.#places = new Set(places.map(({ infoHashHex }) => infoHashHex));
    for (const place of before) if (!this.#places.has(place)) schedule.forget(place);
    for (const { infoHashHex, announceDueMs } of places) {
      if (!before.has(infoHashHex)) schedule.keepTorrent(infoHashHex, announceDueMs);
    }
    this.#options.peers().setPlaces(this.#places);
  }

  /** Has the command's thread answer the question of a peer. */
  hear(question: RendezvousQuestion): Promise<RendezvousAnswer> {
    const { promise, resolve } = Promise.withResolvers<RendezvousAnswer>();
    const nothing = { entries: [], items: [] };
    if (this.#waiting.size >= MAX_UNANSWERED) return Promise.resolve(nothing);
    const number = ++this.#questions;
    const timer: Timer = this.#options.clock.after(ANSWER_MS, () => this.answer(number, nothing));
    this.#waiting.set(number, (answer) => {
      timer.cancel();
      this.#waiting.delete(number);
      resolve(answer);
    });
    this.#options.send({ event: "question", number, question });
    return promise;
  }

  /** Gives the answer to a question; does nothing if it came too late. */
  answer(number: number, answer: RendezvousAnswer): void {
    this.#waiting.get(number)?.(answer);
  }

  /** See `WorkerApi.askRendezvous`. */
  async ask(
    operation: number,
    question: RendezvousQuestion,
    signal: AbortSignal,
    known: PeerAddress[] = [],
  ): Promise<RendezvousAsked> {
    const { peers, findPeers, send, isOurs } = this.#options;
    const infoHash = rendezvousOf(question);
    return await peers().ask(toHex(infoHash), question, {
      signal,
      findPeers(onNamed, ended) {
        if (known.length > 0) onNamed(known);
        return findPeers(infoHash, onNamed, ended);
      },
      isOurs,
      onAnswer: (answer, from) => send({ event: "answer", operation, answer, from }),
    });
  }
}
