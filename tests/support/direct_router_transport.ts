/**
 * Sockets for `src/router` without the gate: real ones, opened in the test's own thread.
 *
 * @module
 */

import dgram from "node:dgram";
import { withoutZone } from "../../src/base/mod.ts";
import {
  type Endpoint,
  type Gateway,
  type OnDatagram,
  PORT_CONTROL_PORT,
  type PortControlSocket,
  type RouterConnection,
  type RouterSocket,
  type RouterTransport,
  SSDP_GROUP,
} from "../../src/router/mod.ts";

/** Where a {@linkcode DirectTransport} sends to in place of the protocols' own ports. */
export interface DirectEndpoints {
  /** Port of PCP and NAT-PMP. */
  portControlPort?: number;
  /** Receiver of searches by SSDP. */
  ssdp?: Endpoint;
  /** The router is one of IPv6: its address, without a zone, and ours. The sockets stay on 127.0.0.1. */
  ipv6?: { router: string; ours: string };
}

interface OpenSocket {
  port: number;
  received: number;
}

/** A transport with sockets of its own, and counts of what was sent and received. */
export class DirectTransport implements RouterTransport {
  /** Datagrams sent to any address. */
  sent = 0;
  /** TCP connections that are being made or are open. */
  connections = 0;
  /** Endpoints to which connections were made. */
  readonly connected: Endpoint[] = [];
  readonly sockets = new Set<OpenSocket>();
  readonly #endpoints: DirectEndpoints;

  constructor(endpoints: DirectEndpoints = {}) {
    this.#endpoints = endpoints;
  }

  async openPortControl(address: string, onDatagram: OnDatagram): Promise<PortControlSocket> {
    const { ipv6, portControlPort: port = PORT_CONTROL_PORT } = this.#endpoints;
    const socket = await this.#open([{ address: ipv6 ? "127.0.0.1" : address, port }], onDatagram);
    return { ...socket, server: { address: withoutZone(address), port } };
  }

  openSsdp(gateway: Gateway | undefined, onDatagram: OnDatagram): Promise<RouterSocket> {
    const group = this.#endpoints.ssdp ?? SSDP_GROUP;
    const receivers = [group];
    if (gateway && !this.#endpoints.ssdp) {
      receivers.push({ address: gateway.address, port: SSDP_GROUP.port });
    }
    return this.#open(receivers, onDatagram);
  }

  async connect(to: Endpoint, signal: AbortSignal): Promise<RouterConnection> {
    this.connections++;
    this.connected.push(to);
    let connection: Deno.TcpConn;
    try {
      const hostname = this.#endpoints.ipv6 ? "127.0.0.1" : to.address;
      connection = await Deno.connect({ hostname, port: to.port, signal });
    } catch (error) {
      this.connections--;
      throw error;
    }
    let isOpen = true;
    return {
      localAddress: this.#endpoints.ipv6?.ours ?? connection.localAddr.hostname,
      async write(bytes) {
        for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
      },
      async read() {
        const buffer = new Uint8Array(16 * 1024);
        const count = await connection.read(buffer);
        return count === null ? undefined : buffer.subarray(0, count);
      },
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        this.connections--;
        connection.close();
      },
    };
  }

  async #open(receivers: readonly Endpoint[], onDatagram: OnDatagram): Promise<RouterSocket> {
    const socket = dgram.createSocket("udp4");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once("error", reject);
    socket.bind(0, "0.0.0.0", resolve);
    await promise;
    socket.off("error", reject);
    socket.on("error", () => {});
    const open: OpenSocket = { port: socket.address().port, received: 0 };
    this.sockets.add(open);
    socket.on("message", (bytes, { address, port }) => {
      open.received++;
      const sender = this.#endpoints.ipv6?.router ?? address;
      onDatagram(Uint8Array.from(bytes), { address: sender, port });
    });
    return {
      send: (bytes) => {
        for (const { address, port } of receivers) {
          this.sent++;
          socket.send(bytes, port, address, () => {});
        }
      },
      close: () => {
        if (this.sockets.delete(open)) socket.close();
      },
    };
  }
}
