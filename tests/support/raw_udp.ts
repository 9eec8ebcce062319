/**
 * A UDP socket on 127.0.0.1 that says whatever a test wants it to, well-formed or not.
 *
 * @module
 */

import dgram, { type Socket } from "node:dgram";
import { bdecode, type BDecoded, bencode, type BValue } from "../../src/records/mod.ts";

/** What the system drops where its buffers are full is sent again after this long. */
const AGAIN_MS = 1_000;

/** What came in: the packet, and where from. */
export type Answerer = (packet: Map<string, BDecoded>, port: number) => Uint8Array | undefined;

/** A raw UDP socket that can ask (BEP 5 queries) and answer. */
export class RawUdp implements AsyncDisposable {
  readonly id: Uint8Array = crypto.getRandomValues(new Uint8Array(20));
  readonly port: number;
  /** Called with every packet that is no answer to a query of ours; what it returns is sent back. */
  answer: Answerer | undefined;
  readonly #socket: Socket;
  readonly #waiting = new Map<string, (message: Map<string, BDecoded>) => void>();
  #transactions = 0;

  static async bind(): Promise<RawUdp> {
    const socket = dgram.createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    return new RawUdp(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on("message", (packet, { port }) => this.#receive(new Uint8Array(packet), port));
  }

  /** Sends a packet, and resolves when it has left. */
  send(packet: Uint8Array, port: number): Promise<void> {
    return new Promise((resolve) => this.#socket.send(packet, port, "127.0.0.1", () => resolve()));
  }

  /**
   * Sends a query, again each second until there is an answer, and resolves with the answer's `r`, or
   * its whole message if there is none.
   */
  async query(
    port: number,
    name: string,
    args: Record<string, BValue>,
    timeoutMs = 60_000,
  ): Promise<Map<string, BDecoded>> {
    const transaction = new Uint8Array(new Uint32Array([++this.#transactions]).buffer);
    const answered = Promise.withResolvers<Map<string, BDecoded>>();
    this.#waiting.set(transaction.toHex(), answered.resolve);
    let again: ReturnType<typeof setInterval> | undefined;
    const timer = setTimeout(() => answered.reject(new Error(`no answer to ${name}`)), timeoutMs);
    try {
      const packet = bencode({ t: transaction, y: "q", q: name, a: { id: this.id, ...args } });
      again = setInterval(() => void this.send(packet, port), AGAIN_MS);
      await this.send(packet, port);
      const answer = await answered.promise;
      return answer.get("r") as Map<string, BDecoded> ?? answer;
    } finally {
      clearTimeout(timer);
      clearInterval(again);
      this.#waiting.delete(transaction.toHex());
    }
  }

  /**
   * Whether a query stays without an answer: nodes read in order, so an answer would come before the
   * one to the ping that is sent after it.
   */
  async isIgnored(port: number, name: string, args: Record<string, BValue>): Promise<boolean> {
    const transaction = new Uint8Array(new Uint32Array([++this.#transactions]).buffer);
    let isAnswered = false;
    this.#waiting.set(transaction.toHex(), () => isAnswered = true);
    try {
      await this.send(
        bencode({ t: transaction, y: "q", q: name, a: { id: this.id, ...args } }),
        port,
      );
      await this.query(port, "ping", {});
      return !isAnswered;
    } finally {
      this.#waiting.delete(transaction.toHex());
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #receive(packet: Uint8Array, port: number): void {
    const message = bdecode(packet) as Map<string, BDecoded>;
    const resolve = this.#waiting.get((message.get("t") as Uint8Array).toHex());
    if (resolve) return resolve(message);
    const reply = this.answer?.(message, port);
    if (reply) this.send(reply, port);
  }
}
