/**
 * Takes the connections of peers that ask at a rendezvous, within {@linkcode AnswerLimits}. A connection
 * is short: four questions at most, and ten seconds.
 *
 * @module
 */

import { type Clock, type Timer, toHex } from "../../base/mod.ts";
import {
  decodeQuestion,
  encodeAnswer,
  MAX_QUESTIONS,
  MAX_RENDEZVOUS_BYTES,
  MAX_RENDEZVOUS_ENTRIES,
  MAX_RENDEZVOUS_ITEMS,
  type RendezvousAnswer,
  rendezvousOf,
  type RendezvousQuestion,
} from "../../records/mod.ts";
import { ContentlessSwarm, type SwarmWire } from "../libraries/mod.ts";
import { AnswerLimits } from "./limits.ts";
import { NAMES_EXTENSION, speakNames } from "./names_extension.ts";
import type { RendezvousPeersOptions } from "./options.ts";

/** Time after which a connection is closed (ms). */
const LIFE_MS = 10_000;
/** Maximum number of bytes that a peer sends on a connection: handshakes, and four questions. */
const MAX_BYTES_IN = 16_384;

/** Takes questions at all places of this machine. */
export class Answering {
  readonly #options: RendezvousPeersOptions;
  readonly #clock: Clock;
  readonly #limits: AnswerLimits;

  constructor(options: RendezvousPeersOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#limits = new AnswerLimits(options.clock);
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
        if (!this.#limits.admits(host, close)) return false;
        timer = this.#clock.after(LIFE_MS, close);
        return true;
      },
      onWire: (wire) => this.#serve(wire, infoHashHex),
      onBytes: (_, more) => {
        if ((bytes += more) > MAX_BYTES_IN) close();
      },
      onEnd: () => {
        timer?.cancel();
        this.#limits.ended(close);
        swarm.destroy();
      },
    });
    return swarm;
  }

  /** Closes all connections. */
  close(): void {
    this.#limits.closeAll();
  }

  #serve(wire: SwarmWire, placeHex: string): void {
    let asked = 0;
    this.#options.introduce(wire);
    speakNames(wire, {
      onMessage: (message) => {
        const read = readQuestion(message);
        const isAllowed = read && ++asked <= MAX_QUESTIONS &&
          this.#limits.takeQuestion(asked === 1);
        if (!isAllowed) return wire.destroy();
        void this.#answer(read.question, placeHex).then((answer) => {
          if (wire.destroyed) return;
          wire.extended(NAMES_EXTENSION, encodeFitting(read.number, answer));
        });
      },
    });
  }

  async #answer(question: RendezvousQuestion, placeHex: string): Promise<RendezvousAnswer> {
    // An answer about another publisher would tell which publishers the owner of this home has looked up.
    if (toHex(rendezvousOf(question)) !== placeHex) return { entries: [], items: [] };
    try {
      return await this.#options.onQuestion(question);
    } catch {
      return { entries: [], items: [] };
    }
  }
}

/** Reads a question; `undefined` if the message is none. */
function readQuestion(message: Uint8Array): ReturnType<typeof decodeQuestion> {
  if (message.length > MAX_RENDEZVOUS_BYTES) return undefined;
  try {
    return decodeQuestion(message);
  } catch {
    return undefined;
  }
}

/** Encodes an answer, without its last entries and items if it would have too many or be too long. */
function encodeFitting(number: number, answer: RendezvousAnswer): Uint8Array {
  let told = {
    ...answer,
    entries: answer.entries.slice(0, MAX_RENDEZVOUS_ENTRIES),
    items: answer.items.slice(0, MAX_RENDEZVOUS_ITEMS),
  };
  for (;;) {
    const bytes = encodeAnswer(number, told);
    if (bytes.length <= MAX_RENDEZVOUS_BYTES) return bytes;
    const { entries, items, ...rest } = told;
    told = entries.length > 0
      ? { ...rest, items, entries: entries.slice(0, -1) }
      : { ...rest, entries, items: items.slice(0, -1) };
  }
}
