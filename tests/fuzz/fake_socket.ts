/**
 * A UDP socket without a network: hands packets to whoever listens, and keeps what is sent.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Socket } from "node:dgram";
import { EventEmitter } from "node:events";

/** A packet that was sent. */
export interface SentPacket {
  packet: Uint8Array;
  to: { host: string; port: number };
}

/** Stands in for a `dgram` socket; as `createSocket` of an engine gives it out. */
export class FakeSocket extends EventEmitter {
  readonly sent: SentPacket[] = [];
  #port = 0;

  /** For those that want the type. */
  asSocket(): Socket {
    return this as unknown as Socket;
  }

  bind(port: number): void {
    // As any free one, since TCP will want the same number.
    this.#port = port || 20_000 + Math.floor(Math.random() * 10_000);
    queueMicrotask(() => this.emit("listening"));
  }

  address(): { address: string; family: string; port: number } {
    return { address: "0.0.0.0", family: "IPv4", port: this.#port };
  }

  getRecvBufferSize(): number {
    return 0;
  }

  /** A packet comes in. */
  receive(packet: Uint8Array, from: { address: string; port: number }): void {
    this.emit("message", Buffer.from(packet), { ...from, family: "IPv4", size: packet.length });
  }

  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    port: number,
    host: string,
    done: (error: Error | null) => void,
  ): void {
    // As the system does it.
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`port ${port}`);
    this.sent.push({ packet: bytes.slice(offset, offset + length), to: { host, port } });
    done(null);
  }

  close(): void {
    queueMicrotask(() => this.emit("close"));
  }
}
