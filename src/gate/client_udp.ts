/**
 * A UDP socket of IPv6 that the gate holds. It looks like a socket of `node:dgram` to the engine's
 * DHT socket.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import { MAX_PACKET_BYTES, type Packet, type Tell, WINDOW_PACKETS } from "../gate_thread/mod.ts";
import type { ClientChannel, OpenChannel } from "./client_channel.ts";
import { GateError } from "./errors.ts";

type SendCallback = (error: Error | null) => void;

/**
 * A UDP socket of IPv6 with the members of `dgram.Socket` that the engine uses. Emits `listening`,
 * `message`, `error` and `close`. The gate drops datagrams to forbidden addresses without an error.
 */
export class GateUdp extends EventEmitter {
  readonly #open: OpenChannel;
  #channel: ClientChannel | undefined;
  #port = 0;
  #waiting: Packet[] = [];
  #credit = WINDOW_PACKETS;

  constructor(open: OpenChannel) {
    super();
    this.#open = open;
  }

  /** Binds the socket to a port above 1023, or to any free one (0), of one address or of all (""). */
  bind(port = 0, host = ""): this {
    this.#channel ??= this.#open({ kind: "udp", host, port }, (told) => this.#onTell(told));
    return this;
  }

  /** The bound address; the port is 0 until the socket is bound. */
  address(): { address: string; family: string; port: number } {
    return { address: "::", family: "IPv6", port: this.#port };
  }

  /**
   * Sends one datagram of at most 1,472 bytes. Datagrams of one event-loop turn go as one batch.
   */
  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    port: number,
    host: string,
    done: SendCallback = () => {},
  ): void {
    if (length > MAX_PACKET_BYTES || this.#port === 0 || this.#credit === 0) {
      const code = length > MAX_PACKET_BYTES ? "EMSGSIZE" : "ENOBUFS";
      return queueMicrotask(() => done(new GateError(code, "The datagram cannot be sent")));
    }
    this.#credit--;
    if (this.#waiting.length === 0) queueMicrotask(() => this.#flush());
    // A copy, because sending a view to another thread copies the whole buffer behind it.
    const copy = new Uint8Array(bytes.subarray(offset, offset + length));
    this.#waiting.push({ host, port, bytes: copy });
    queueMicrotask(() => done(null));
  }

  /** Returns 0: the gate's socket has a receive buffer of its own. */
  getRecvBufferSize(): number {
    return 0;
  }

  /** Closes the socket, and emits `close`. */
  close(): void {
    this.#channel?.close();
    this.#channel = undefined;
    this.#port = 0;
    queueMicrotask(() => this.emit("close"));
  }

  #flush(): void {
    const packets = this.#waiting;
    this.#waiting = [];
    this.#channel?.send(packets);
  }

  #onTell(told: Tell): void {
    if (told.tell === "open") {
      this.#port = told.port;
      this.emit("listening");
    } else if (told.tell === "credit") this.#credit += told.amount;
    else if (told.tell === "packets") {
      for (const { host, port, bytes } of told.packets) {
        const from = { address: host, port, family: "IPv6", size: bytes.length };
        this.emit("message", Buffer.from(bytes.buffer), from);
      }
      this.#channel?.credit(told.packets.length);
    } else if (told.tell === "closed") {
      this.#port = 0;
      const { code, message } = told.error ?? { code: "ECANCELED", message: "it was closed" };
      this.emit("error", new GateError(code, `The UDP socket of IPv6 failed: ${message}`));
    }
  }
}
