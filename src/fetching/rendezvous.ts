/**
 * Asks the peers of a rendezvous: of a name, which publishers it has, or of a publisher, its newest records.
 * Vandals can lock the places in the DHT where a name is looked for, and can announce any number of peers at
 * a rendezvous, but cannot keep an honest peer from being met there. So the two are used side by side.
 *
 * Nothing in an answer counts before its signature is verified. No agreement of some peers ends a question:
 * three vandals could freeze an old list. It ends when all peers have answered, or at its time limit, or a
 * moment after the DHT has answered well.
 *
 * @module
 */

import { type Clock, delay, equalBytes, LibreseedError, toHex } from "../base/mod.ts";
import type { Operations, RequestOf } from "../control/mod.ts";
import type { RendezvousAsked } from "../engine/mod.ts";
import { type MutableItem, type RendezvousAnswer, verifyItem } from "../records/mod.ts";
import type { FindOptions } from "./find_record.ts";

/** The answer of a peer at a rendezvous, and the peer's address without the port. */
export interface HeardAnswer extends RendezvousAnswer {
  from: string;
}

/** Asks the peers of a rendezvous, through a host. */
export type RendezvousCaller = Pick<Operations, "askRendezvous">;

/** Time limit of a question, from the search for peers on (ms). */
const RENDEZVOUS_LIMIT_MS = 6_000;
/** Time for which {@linkcode Asking.moment} waits (ms). An honest peer answers within some round trips. */
const GRACE_MS = 1_000;

/** A question to the peers of a rendezvous, which is under way. */
export class Asking {
  /** The answers so far, in the order in which they came. */
  readonly answers: HeardAnswer[] = [];
  /** Numbers of peers; `undefined` before the question has ended, or if it was given up. */
  asked: RendezvousAsked | undefined;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  /** Resolves at the next answer. */
  #next = Promise.withResolvers<void>();

  constructor(
    operations: RendezvousCaller,
    question: RequestOf<"askRendezvous">,
    { clock, signal }: Pick<FindOptions, "clock" | "signal">,
  ) {
    this.#clock = clock;
    this.#signal = signal;
    this.#ended = this.#ask(operations, question);
    // The caller may need no answer, and so never wait for the end.
    this.#ended.catch(() => {});
  }

  /**
   * Waits until the question has ended, and ends it after a time.
   *
   * @param graceMs maximum time to wait (ms); by default, until the time limit
   * @throws the abort reason of the signal
   */
  async end(graceMs?: number): Promise<readonly HeardAnswer[]> {
    if (graceMs !== undefined) {
      const ended = new AbortController();
      const waited = delay(this.#clock, graceMs, ended.signal).then(() => this.stop(), () => {});
      await Promise.race([this.#ended.finally(() => ended.abort()), waited]);
    } else await this.#ended;
    this.#signal?.throwIfAborted();
    return this.answers;
  }

  /**
   * Waits until the answers hold what is looked for, or the question has ended.
   *
   * @throws the abort reason of the signal
   */
  async until(
    holds: (answers: readonly HeardAnswer[]) => boolean,
  ): Promise<readonly HeardAnswer[]> {
    let isOver = false;
    const over = this.#ended.then(() => void (isOver = true));
    while (!isOver && !holds(this.answers)) await Promise.race([over, this.#next.promise]);
    this.#signal?.throwIfAborted();
    return this.answers;
  }

  /**
   * Waits for further answers after the DHT has answered well: for a moment if a peer has answered
   * already, and not at all otherwise, because dead peers would keep the reader waiting.
   */
  moment(): Promise<readonly HeardAnswer[]> {
    return this.end(this.answers.length > 0 ? GRACE_MS : 0);
  }

  /** Gives the question up. The answers that have come stay. */
  stop(): void {
    this.#stop.abort();
  }

  async #ask(operations: RendezvousCaller, question: RequestOf<"askRendezvous">): Promise<void> {
    const stop = this.#stop.signal;
    const timer = this.#clock.after(RENDEZVOUS_LIMIT_MS, () => this.stop());
    try {
      this.asked = await operations.askRendezvous(question, {
        signal: this.#signal ? AbortSignal.any([this.#signal, stop]) : stop,
        onEvent: (answer) => {
          if (stop.aborted) return;
          this.answers.push(answer);
          this.#next.resolve();
          this.#next = Promise.withResolvers();
        },
      });
    } catch (error) {
      // Without the DHT, or with the daemon of an earlier version, nobody is met.
      const isGivenUp = stop.aborted || this.#signal?.aborted;
      if (!isGivenUp && !(error instanceof LibreseedError)) throw error;
    } finally {
      timer.cancel();
    }
  }
}

/** The questions of one command to the rendezvous of publishers, one for each publisher. */
export class PublisherRendezvous {
  readonly #asking = new Map<string, Asking>();

  /**
   * Asks for the records of a publisher, unless that was asked already.
   *
   * @param identity the publisher's identity, 32 bytes
   */
  ask(
    operations: RendezvousCaller,
    identity: Uint8Array,
    options: Pick<FindOptions, "clock" | "signal">,
  ): Asking {
    const keyHex = toHex(identity);
    const before = this.#asking.get(keyHex);
    if (before) return before;
    const asking = new Asking(operations, { publicKey: identity }, options);
    this.#asking.set(keyHex, asking);
    return asking;
  }

  /** Returns the question about a publisher that was asked; `undefined` if there is none. */
  asked(identity: Uint8Array): Asking | undefined {
    return this.#asking.get(toHex(identity));
  }

  /** Has the next call of {@linkcode ask} ask again if the question has found no peers. */
  retry(identity: Uint8Array): void {
    const keyHex = toHex(identity);
    if (this.#asking.get(keyHex)?.asked?.found === 0) this.#asking.delete(keyHex);
  }
}

/**
 * Returns the validly signed items of a key and salt among answers, each once, the one with the highest
 * `seq` first.
 */
export function itemsIn(
  answers: readonly RendezvousAnswer[],
  key: Pick<MutableItem, "publicKey" | "salt">,
): MutableItem[] {
  const shown = answers.flatMap(({ items }) => items).filter((item) =>
    equalBytes(item.publicKey, key.publicKey) && equalBytes(item.salt, key.salt)
  );
  const bySignature = new Map<string, MutableItem>();
  for (const item of shown) {
    const id = toHex(item.signature);
    // An honest item may come with each answer. A forged one can have the signature of another item.
    if (!bySignature.has(id) && verifyItem(item)) bySignature.set(id, item);
  }
  return [...bySignature.values()].sort((a, b) => b.seq - a.seq);
}
