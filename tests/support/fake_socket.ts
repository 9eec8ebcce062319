/**
 * A fake UDP socket without a network: tests inject packets, and inspect the packets that were
 * sent.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Socket } from "node:dgram";
import { EventEmitter } from "node:events";

/** A packet that the engine sent through the fake socket. */
export interface SentPacket {
  packet: Uint8Array;
  to: { host: string; port: number };
}

/** A fake `dgram` socket, for the `createSocket` option of an engine. */
export class FakeSocket extends EventEmitter {
  readonly sent: SentPacket[] = [];
  #port = 0;

  /** Returns this object, typed as a `dgram` socket. */
  asSocket(): Socket {
    return this as unknown as Socket;
  }

  bind(port: number): void {
    // Port 0 becomes a random port number, because TCP will be bound to the same number.
    this.#port = port || 20_000 + Math.floor(Math.random() * 10_000);
    queueMicrotask(() => this.emit("listening"));
  }

  address(): { address: string; family: string; port: number } {
    return { address: "0.0.0.0", family: "IPv4", port: this.#port };
  }

  getRecvBufferSize(): number {
    return 0;
  }

  /** Delivers a packet to the engine, as if the packet had arrived from the network. */
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
    // Real sockets also throw for ports out of range.
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`port ${port}`);
    this.sent.push({ packet: bytes.slice(offset, offset + length), to: { host, port } });
    done(null);
  }

  close(): void {
    queueMicrotask(() => this.emit("close"));
  }
}
