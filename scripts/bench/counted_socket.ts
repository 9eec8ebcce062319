/**
 * UDP sockets that count their traffic, the same for all contenders.
 *
 * @module
 */

import { createSocket, type Socket } from "node:dgram";

/** Counts of UDP packets and of payload bytes. */
export interface Count {
  packetsOut: number;
  bytesOut: number;
  packetsIn: number;
  bytesIn: number;
}

/** The keys of the counts. */
export const countKeys = ["packetsOut", "bytesOut", "packetsIn", "bytesIn"] as const;

/** Counts the traffic of all sockets that it makes. */
export class Counter {
  readonly #count: Count = { packetsOut: 0, bytesOut: 0, packetsIn: 0, bytesIn: 0 };

  /** Makes a UDP socket over IPv4, by default a plain one. */
  socket(create: () => Socket = () => createSocket("udp4")): Socket {
    const socket = create();
    const count = this.#count;
    socket.on("message", (bytes) => {
      count.packetsIn++;
      count.bytesIn += bytes.length;
    });
    const send = socket.send.bind(socket) as (...args: unknown[]) => void;
    // k-rpc-socket and the engine both call send(bytes, offset, length, port, host, done). A socket
    // that is not bound yet queues the bytes in a list, and passes that to itself later.
    socket.send = ((...args: unknown[]) => {
      if (args[0] instanceof Uint8Array) {
        count.packetsOut++;
        count.bytesOut += args[2] as number;
      }
      send(...args);
    }) as Socket["send"];
    return socket;
  }

  /** The counts so far. */
  now(): Count {
    return { ...this.#count };
  }
}

/** The counts between two readings. */
export function difference(later: Count, earlier: Count): Count {
  const result = { ...later };
  for (const key of countKeys) result[key] -= earlier[key];
  return result;
}
