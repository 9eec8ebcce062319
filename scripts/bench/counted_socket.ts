/** UDP sockets that count their packets and bytes. All compared programs use the same counter. */

import { createSocket, type Socket } from "node:dgram";
import type { EventEmitter } from "node:events";

/** Counts of UDP packets and of their payload bytes, sent and received. */
export interface Count {
  packetsOut: number;
  bytesOut: number;
  packetsIn: number;
  bytesIn: number;
}

/** A socket that sends like one of `dgram`. */
interface Sender {
  // deno-lint-ignore no-explicit-any -- `dgram` has eight forms of this function
  send(...args: any[]): void;
}

/** The names of the counts: packets and bytes, sent and received. */
export const countKeys = ["packetsOut", "bytesOut", "packetsIn", "bytesIn"] as const;

/** A factory of UDP sockets that counts the traffic of all its sockets. */
export class Counter {
  readonly #count: Count = { packetsOut: 0, bytesOut: 0, packetsIn: 0, bytesIn: 0 };

  /** Makes a plain socket of Node over IPv4. */
  socket(): Socket {
    return this.counting(createSocket("udp4"));
  }

  /** Counts the traffic of a socket, and returns the socket. */
  counting<T extends EventEmitter & Sender>(socket: T): T {
    const count = this.#count;
    socket.on("message", (bytes: Uint8Array) => {
      count.packetsIn++;
      count.bytesIn += bytes.length;
    });
    const send = socket.send.bind(socket) as (...args: unknown[]) => void;
    // Both npm:k-rpc-socket and the engine call send(bytes, offset, length, port, host, done). An
    // unbound socket queues the bytes in a list and later calls `send` again with that list, which
    // must not be counted twice.
    socket.send = ((...args: unknown[]) => {
      if (args[0] instanceof Uint8Array) {
        count.packetsOut++;
        count.bytesOut += args[2] as number;
      }
      send(...args);
    }) as T["send"];
    return socket;
  }

  /** Returns the counts of packets and bytes so far. */
  now(): Count {
    return { ...this.#count };
  }
}

/** Returns the difference between two readings of the counts. */
export function difference(later: Count, earlier: Count): Count {
  const result = { ...later };
  for (const key of countKeys) result[key] -= earlier[key];
  return result;
}
