/**
 * The engine's part of rendezvous: the places at which this machine can be met, and the questions to
 * other peers.
 *
 * @module
 */

import type { RendezvousQuestion } from "../../records/mod.ts";
import type { Torrent } from "../libraries/mod.ts";
import { Answering } from "./answering.ts";
import { Asking, type AskOptions, type RendezvousAsked } from "./asking.ts";
import type { RendezvousPeersOptions } from "./options.ts";
import { Places } from "./places.ts";

/** The peers of rendezvous: those that dial us, and those that we dial. */
export class RendezvousPeers {
  readonly #options: RendezvousPeersOptions;
  readonly #places = new Places();
  readonly #answering: Answering;
  readonly #ending = new AbortController();

  constructor(options: RendezvousPeersOptions) {
    this.#options = options;
    this.#answering = new Answering(options);
  }

  /** Replaces the places at which this machine can be met: infohashes, 40 hexadecimal digits. */
  setPlaces(places: ReadonlySet<string>): void {
    this.#places.set(places);
  }

  /**
   * Returns what takes a connection whose handshake names an infohash; `undefined` if this machine
   * cannot be met there.
   */
  find(infoHashHex: string): Torrent | undefined {
    if (!this.#places.has(infoHashHex) || this.#ending.signal.aborted) return undefined;
    return this.#answering.swarm(infoHashHex).asTorrent();
  }

  /** Returns the place that an encrypted handshake is meant for, if it is one of ours. */
  findObfuscated(hashHex: string): string | undefined {
    return this.#places.findObfuscated(hashHex);
  }

  /**
   * Asks the peers of a rendezvous, at most 64, eight at a time, for at most six seconds.
   *
   * @param infoHashHex infohash of the rendezvous
   */
  ask(
    infoHashHex: string,
    question: RendezvousQuestion,
    options: AskOptions,
  ): Promise<RendezvousAsked> {
    const signal = AbortSignal.any([options.signal, this.#ending.signal]);
    return new Asking(infoHashHex, question, { ...options, signal }, this.#options).run();
  }

  /** Ends all questions, and closes all connections. */
  close(): void {
    this.#ending.abort();
    this.#answering.close();
  }
}
