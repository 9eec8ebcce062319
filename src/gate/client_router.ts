/**
 * The sockets to the router as the asking thread sees them: UDP to its server of PCP and NAT-PMP,
 * searches by SSDP, and TCP for UPnP. They have the form that `src/router` expects.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { withoutZone } from "../base/mod.ts";
import { WINDOW_PACKETS } from "../gate_thread/mod.ts";
import { type ClientChannel, errorOf, type OpenChannel } from "./client_channel.ts";
import { GateSocket } from "./client_socket.ts";
import { GateError } from "./errors.ts";

/** An IP address and a port. */
interface Endpoint {
  address: string;
  port: number;
}

type OnDatagram = (bytes: Uint8Array, from: Endpoint) => void;

/** An open UDP socket, and the port of the server to which it sends. */
interface Udp {
  serverPort: number;
  send(bytes: Uint8Array): void;
  close(): void;
}

/** Opens the sockets to the router. */
export class RouterSockets {
  readonly #open: OpenChannel;

  constructor(open: OpenChannel) {
    this.#open = open;
  }

  /** Opens a UDP socket to the router's server of PCP and NAT-PMP. */
  async openPortControl(address: string, onDatagram: OnDatagram) {
    const udp = await this.#udp("control", address, onDatagram);
    // Senders have no zone.
    return { ...udp, server: { address: withoutZone(address), port: udp.serverPort } };
  }

  /** Opens a UDP socket that searches for routers, at the given gateway too. */
  openSsdp(gateway: { address: string } | undefined, onDatagram: OnDatagram) {
    return this.#udp("search", gateway?.address ?? "", onDatagram);
  }

  /** Connects to a port of the router. Rejects when `signal` aborts. */
  async connect({ address: host, port }: Endpoint, signal: AbortSignal) {
    signal.throwIfAborted();
    const socket = new GateSocket(this.#open, { kind: "router", host, port }, {
      allowHalfOpen: true,
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => socket.destroy(new GateError("ECANCELED", "The request was cancelled"));
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("connect", resolve);
    socket.once("error", reject);
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    // An error after the connection reaches the reader.
    socket.on("error", () => {});
    const parts = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
    return {
      localAddress: socket.localAddress ?? "",
      write: (bytes: Uint8Array) =>
        new Promise<void>((resolve, reject) =>
          socket.write(bytes, (error) => error ? reject(error) : resolve())
        ),
      read: async (): Promise<Uint8Array | undefined> => (await parts.next()).value,
      close: () => void socket.destroy(),
    };
  }

  #udp(kind: "control" | "search", host: string, onDatagram: OnDatagram): Promise<Udp> {
    const { promise, resolve, reject } = Promise.withResolvers<Udp>();
    let credit = WINDOW_PACKETS;
    const channel: ClientChannel = this.#open({ kind, host, port: 0 }, (told) => {
      if (told.tell === "open") {
        resolve({
          serverPort: told.port,
          send: (bytes) => {
            if (credit === 0) return;
            credit--;
            channel.send([{ host: "", port: 0, bytes: Uint8Array.from(bytes) }]);
          },
          close: () => channel.close(),
        });
      } else if (told.tell === "credit") credit += told.amount;
      else if (told.tell === "packets") {
        channel.credit(told.packets.length);
        for (const { host, port, bytes } of told.packets) {
          onDatagram(bytes, { address: host, port });
        }
      } else if (told.tell === "closed") {
        reject(errorOf(told) ?? new GateError("ECANCELED", "The socket to the router was closed"));
      }
    });
    return promise;
  }
}
