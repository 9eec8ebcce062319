/**
 * Takes the connections of peers that ask at a rendezvous. Strangers decide how many there are, so they
 * are limited: connections at once, of one network, and questions a second. At the limit of connections,
 * the oldest gives way, so that nobody can keep a place by being silent.
 *
 * @module
 */

import { type Clock, networkOf, type Timer, TokenBucket, type TokenRate } from "../../base/mod.ts";
import {
  decodeQuestion,
  encodeAnswer,
  MAX_QUESTIONS,
  MAX_RENDEZVOUS_BYTES,
  type RendezvousAnswer,
  type RendezvousQuestion,
} from "../../records/mod.ts";
import { ContentlessSwarm, type SwarmWire } from "../libraries/mod.ts";
import { speakNames } from "./names_extension.ts";
import type { RendezvousPeersOptions } from "./options.ts";

/** Maximum number of connections at once. */
const MAX_CONNECTIONS = 64;
/** Maximum number of connections at once from one network: /24 of IPv4, /48 of IPv6. */
const MAX_OF_NETWORK = 8;
/** Time after which a connection is closed (ms). */
const LIFE_MS = 10_000;
/** Maximum number of bytes that a peer sends on a connection: handshakes, and four questions. */
const MAX_BYTES_IN = 16_384;
/** Connections of all peers together. */
export const CONNECTION_RATE: TokenRate = { burst: 64, perSecond: 20 };
/** Questions of all peers together. */
export const QUESTION_RATE: TokenRate = { burst: 64, perSecond: 20 };

/** Takes questions at all places of this machine. */
export class Answering {
  readonly #options: RendezvousPeersOptions;
  readonly #clock: Clock;
  readonly #connections: TokenBucket;
  readonly #questions: TokenBucket;
  /** Closes a connection, with the network of its peer; the oldest connection first. */
  readonly #open = new Map<() => void, string | undefined>();

  constructor(options: RendezvousPeersOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#connections = new TokenBucket(CONNECTION_RATE, this.#clock.now());
    this.#questions = new TokenBucket(QUESTION_RATE, this.#clock.now());
  }

  /** Number of open connections. */
  get count(): number {
    return this.#open.size;
  }

  /** Returns the swarm of one connection, which a peer begins now. */
  swarm(infoHashHex: string): ContentlessSwarm {
    let bytes = 0;
    let timer: Timer | undefined;
    let close = () => {};
    const swarm: ContentlessSwarm = new ContentlessSwarm({
      client: this.#options.client,
      infoHashHex,
      admits: (host, closePeer) => {
        close = closePeer;
        if (!this.#admit(host, close)) return false;
        timer = this.#clock.after(LIFE_MS, close);
        return true;
      },
      onWire: (wire) => this.#serve(wire),
      onBytes: (_, more) => {
        if ((bytes += more) > MAX_BYTES_IN) close();
      },
      onEnd: () => {
        timer?.cancel();
        this.#open.delete(close);
        swarm.destroy();
      },
    });
    return swarm;
  }

  /** Closes all connections. */
  close(): void {
    for (const close of [...this.#open.keys()]) close();
  }

  #admit(host: string, close: () => void): boolean {
    const network = networkOf(host.replace(/^::ffff:(?=\d+\.)/i, ""));
    if (network !== undefined) {
      const ofNetwork = [...this.#open.values()].filter((one) => one === network).length;
      if (ofNetwork >= MAX_OF_NETWORK) return false;
    }
    if (!this.#connections.take(this.#clock.now())) return false;
    if (this.#open.size >= MAX_CONNECTIONS) this.#open.keys().next().value!();
    this.#open.set(close, network);
    return true;
  }

  #serve(wire: SwarmWire): void {
    let asked = 0;
    this.#options.introduce(wire);
    speakNames(wire, {
      onMessage: (message) => {
        const read = readQuestion(message);
        const isAllowed = read && ++asked <= MAX_QUESTIONS &&
          this.#questions.take(this.#clock.now());
        if (!isAllowed) return wire.destroy();
        void this.#answer(read.question).then((answer) => {
          if (wire.destroyed) return;
          wire.extended("lr_names", encodeFitting(read.number, answer));
        });
      },
    });
  }

  async #answer(question: RendezvousQuestion): Promise<RendezvousAnswer> {
    try {
      return await this.#options.onQuestion(question);
    } catch {
      return { entries: [], items: [] };
    }
  }
}

function readQuestion(message: Uint8Array): ReturnType<typeof decodeQuestion> {
  if (message.length > MAX_RENDEZVOUS_BYTES) return undefined;
  try {
    return decodeQuestion(message);
  } catch {
    return undefined;
  }
}

/** Encodes an answer, without its last entries and items if it would be too long. */
function encodeFitting(number: number, answer: RendezvousAnswer): Uint8Array {
  let told = answer;
  for (;;) {
    const bytes = encodeAnswer(number, told);
    if (bytes.length <= MAX_RENDEZVOUS_BYTES) return bytes;
    const { entries, items, ...rest } = told;
    told = entries.length > 0
      ? { ...rest, items, entries: entries.slice(0, -1) }
      : { ...rest, entries, items: items.slice(0, -1) };
  }
}
