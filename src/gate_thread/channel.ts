/**
 * One channel as the gate's thread sees it: the packets under way in both directions, and their
 * credit. `streams.ts` and `datagrams.ts` carry the packets.
 *
 * @module
 */

import { Refusal } from "./errors.ts";
import { type Ask, type Kind, KINDS, type Packet, type Tell } from "./protocol.ts";

/** A message of the gate without its channel's id. */
export type Telling = Tell extends infer One ? One extends Tell ? Omit<One, "id"> : never : never;

/** Sends a message about one channel to the asking thread. */
export type TellAbout = (message: Telling, transfer?: Transferable[]) => void;

/** A channel. Credit is counted in bytes for a TCP connection, and in datagrams for UDP. */
export class Channel {
  readonly kind: Kind;
  readonly #tell: TellAbout;
  readonly #window: number;
  readonly #closing = new AbortController();
  /** Packets of the asking thread that are not processed. */
  readonly #queue: Packet[] = [];
  /** Credit that the gate has left. */
  #credit: number;
  /** Credit that the asking thread has left. */
  #allowance: number;
  #isEnded = false;
  #change = Promise.withResolvers<void>();

  constructor(kind: Kind, tell: TellAbout) {
    this.kind = kind;
    this.#tell = tell;
    this.#window = this.#credit = this.#allowance = KINDS[kind].window;
  }

  /** Aborts when the channel closes. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** Takes a message of the asking thread. Throws if it exceeds the credit or does not fit. */
  take(ask: Ask): void {
    if (ask.ask === "credit") {
      this.#credit = Math.min(this.#credit + ask.amount, this.#window);
    } else if (ask.ask === "packets" && !this.#isEnded) {
      for (const packet of ask.packets) this.#allowance -= this.#cost(packet);
      if (this.#allowance < 0) throw new Refusal("OVER_CREDIT", "More packets came than credit");
      this.#queue.push(...ask.packets);
    } else if (ask.ask === "end") {
      this.#isEnded = true;
    } else throw new Refusal("BAD_REQUEST", `An ended channel does not take ${ask.ask}`);
    this.#changed();
  }

  /** Tells the asking thread that the channel is open. */
  open(host: string, port: number): void {
    this.#tell({ tell: "open", host, port });
  }

  /** Waits for credit, and returns it. Returns 0 if the channel closes first. */
  async credit(): Promise<number> {
    while (this.#credit <= 0 && !this.signal.aborted) await this.#change.promise;
    return Math.max(this.#credit, 0);
  }

  /** Sends a packet to the asking thread. A datagram without credit is dropped. */
  send(packet: Packet): void {
    if (this.#credit <= 0) return;
    this.#credit -= this.#cost(packet);
    this.#tell({ tell: "packets", packets: [packet] }, [packet.bytes.buffer]);
  }

  /** Tells the asking thread that no more packets come. */
  end(): void {
    this.#tell({ tell: "end" });
  }

  /**
   * The packets of the asking thread, until it ends them. A packet is processed when the next one
   * is asked for. The credit of processed packets goes back in larger portions.
   */
  async *packets(): AsyncGenerator<Packet> {
    for (let owed = 0; !this.signal.aborted;) {
      const packet = this.#queue.shift();
      if (packet) {
        yield packet;
        owed += this.#cost(packet);
        if (owed < this.#window / 4 && this.#queue.length > 0) continue;
        this.#allowance += owed;
        this.#tell({ tell: "credit", amount: owed });
        owed = 0;
      } else if (this.#isEnded) return;
      else await this.#change.promise;
    }
  }

  /** Closes the channel, and releases what waits for its signal. */
  close(): void {
    this.#queue.length = 0;
    this.#closing.abort();
    this.#changed();
  }

  #cost({ bytes }: Packet): number {
    return KINDS[this.kind].isStream ? bytes.length : 1;
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}
