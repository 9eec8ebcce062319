/**
 * A fake UDP socket without a network: tests inject packets, and read the packets sent.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Socket } from "node:dgram";
import { EventEmitter } from "node:events";

/** A packet that the socket sent. */
export interface SentPacket {
  packet: Uint8Array;
  to: { host: string; port: number };
}

/** A fake `dgram` socket, for the `createSocket` option of an engine. */
export class FakeSocket extends EventEmitter {
  readonly sent: SentPacket[] = [];
  #port = 0;

  /** The same object, typed as a `dgram` socket. */
  asSocket(): Socket {
    return this as unknown as Socket;
  }

  bind(port: number): void {
    // Port 0 gets a random port, since TCP will bind the same number.
    this.#port = port || 20_000 + Math.floor(Math.random() * 10_000);
    queueMicrotask(() => this.emit("listening"));
  }

  address(): { address: string; family: string; port: number } {
    return { address: "0.0.0.0", family: "IPv4", port: this.#port };
  }

  getRecvBufferSize(): number {
    return 0;
  }

  /** Delivers a packet to the listeners. */
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
    // The system's socket throws for such ports too.
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`port ${port}`);
    this.sent.push({ packet: bytes.slice(offset, offset + length), to: { host, port } });
    done(null);
  }

  close(): void {
    queueMicrotask(() => this.emit("close"));
  }
}
