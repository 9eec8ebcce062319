/**
 * UDP sockets that count what passes through them, the same for all contenders.
 *
 * @module
 */

import { createSocket, type Socket } from "node:dgram";

/** Packets and bytes of UDP payload. */
export interface Count {
  packetsOut: number;
  bytesOut: number;
  packetsIn: number;
  bytesIn: number;
}

/** The names of the counts. */
export const countKeys = ["packetsOut", "bytesOut", "packetsIn", "bytesIn"] as const;

/** What passed through all sockets that it made. */
export class Counter {
  readonly #count: Count = { packetsOut: 0, bytesOut: 0, packetsIn: 0, bytesIn: 0 };

  /** A new UDP socket over IPv4, such as `create` makes. */
  socket(create: () => Socket = () => createSocket("udp4")): Socket {
    const socket = create();
    const count = this.#count;
    socket.on("message", (bytes) => {
      count.packetsIn++;
      count.bytesIn += bytes.length;
    });
    const send = socket.send.bind(socket) as (...args: unknown[]) => void;
    // k-rpc-socket and the engine both call send(bytes, offset, length, port, host, done). A socket that
    // is not bound yet keeps a list of such bytes, and calls itself with it later.
    socket.send = ((...args: unknown[]) => {
      if (args[0] instanceof Uint8Array) {
        count.packetsOut++;
        count.bytesOut += args[2] as number;
      }
      send(...args);
    }) as Socket["send"];
    return socket;
  }

  /** What has passed until now. */
  now(): Count {
    return { ...this.#count };
  }
}

/** What has passed between two readings. */
export function difference(later: Count, earlier: Count): Count {
  const result = { ...later };
  for (const key of countKeys) result[key] -= earlier[key];
  return result;
}
