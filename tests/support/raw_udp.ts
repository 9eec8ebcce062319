/**
 * A UDP socket on 127.0.0.1 or ::1 through which a test sends arbitrary packets, well-formed or not.
 *
 * @module
 */

import dgram, { type Socket } from "node:dgram";
import { bdecode, type BDecoded, bencode, type BValue } from "../../src/bencode/mod.ts";

/**
 * Interval at which a packet is sent again, because the system drops packets when its buffers are
 * full.
 */
const AGAIN_MS = 1_000;

/**
 * Called with each packet that is not a reply, and with the port of its sender. Returns the bytes
 * to send back, or `undefined` to send nothing.
 */
export type Answerer = (packet: Map<string, BDecoded>, port: number) => Uint8Array | undefined;

/** The reply to a packet sent by the test. */
export interface Answer {
  message: Map<string, BDecoded>;
  lengthBytes: number;
}

/** A raw UDP socket that can send DHT queries (BEP 5) and answer queries of DHT nodes. */
export class RawUdp implements AsyncDisposable {
  readonly id: Uint8Array = crypto.getRandomValues(new Uint8Array(20));
  readonly port: number;
  /**
   * Called with each packet that is not a reply to the test's queries. The returned bytes are sent
   * back.
   */
  answer: Answerer | undefined;
  /** Called with each raw packet. If set, packets are not processed in any other way. */
  onPacket: ((packet: Uint8Array) => void) | undefined;
  readonly #socket: Socket;
  readonly #host: string;
  readonly #waiting = new Map<string, (answer: Answer) => void>();
  #transactions = 0;

  /**
   * @param port port to bind; default: any free port
   * @param host address to bind, and to which packets are sent
   * @throws the system's error if the port cannot be bound
   */
  static async bind(port = 0, host: "127.0.0.1" | "::1" = "127.0.0.1"): Promise<RawUdp> {
    const socket = dgram.createSocket(host === "::1" ? "udp6" : "udp4");
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(port, host, resolve);
    });
    return new RawUdp(socket, host);
  }

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    this.port = socket.address().port;
    socket.on("message", (packet, { port }) => this.#receive(new Uint8Array(packet), port));
  }

  /** Sends a packet. Resolves when the packet has been sent. */
  send(packet: Uint8Array, port: number): Promise<void> {
    return new Promise((resolve) => this.#socket.send(packet, port, this.#host, () => resolve()));
  }

  /**
   * Sends a query, and repeats it each second until a reply arrives. Resolves with the reply's
   * member `r`, or with the whole message if it has no `r`.
   */
  async query(
    port: number,
    name: string,
    args: Record<string, BValue>,
    timeoutMs = 60_000,
  ): Promise<Map<string, BDecoded>> {
    const t = this.#transaction();
    const packet = bencode({ t, y: "q", q: name, a: { id: this.id, ...args } });
    const { message } = await this.exchange(packet, t, port, { what: name, timeoutMs });
    return message.get("r") as Map<string, BDecoded> ?? message;
  }

  /**
   * Sends a packet with the transaction id `t` repeatedly, and resolves with the reply to it.
   */
  async exchange(
    packet: Uint8Array,
    t: Uint8Array,
    port: number,
    { what = "a packet", timeoutMs = 60_000 } = {},
  ): Promise<Answer> {
    const answered = Promise.withResolvers<Answer>();
    this.#waiting.set(t.toHex(), answered.resolve);
    let again: ReturnType<typeof setInterval> | undefined;
    const timer = setTimeout(() => answered.reject(new Error(`no answer to ${what}`)), timeoutMs);
    try {
      again = setInterval(() => void this.send(packet, port), AGAIN_MS);
      await this.send(packet, port);
      return await answered.promise;
    } finally {
      clearTimeout(timer);
      clearInterval(again);
      this.#waiting.delete(t.toHex());
    }
  }

  /**
   * Whether a query is left unanswered. After the query, a ping is sent. Nodes process packets in
   * order, so a reply to the query would arrive before the reply to the ping.
   */
  async isIgnored(port: number, name: string, args: Record<string, BValue>): Promise<boolean> {
    const t = this.#transaction();
    let isAnswered = false;
    this.#waiting.set(t.toHex(), () => isAnswered = true);
    try {
      await this.send(bencode({ t, y: "q", q: name, a: { id: this.id, ...args } }), port);
      await this.query(port, "ping", {});
      return !isAnswered;
    } finally {
      this.#waiting.delete(t.toHex());
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #transaction(): Uint8Array {
    return new Uint8Array(new Uint32Array([++this.#transactions]).buffer);
  }

  #receive(packet: Uint8Array, port: number): void {
    if (this.onPacket) return this.onPacket(packet);
    const message = bdecode(packet) as Map<string, BDecoded>;
    const resolve = this.#waiting.get((message.get("t") as Uint8Array).toHex());
    if (resolve) return resolve({ message, lengthBytes: packet.length });
    const reply = this.answer?.(message, port);
    if (reply) this.send(reply, port);
  }
}
