/**
 * The gate's UDP sockets in one form, whether they are Deno's or Node's.
 *
 * @module
 */

import { allowSockets } from "./node_access.ts";
import { MAX_PACKET_BYTES, type Packet } from "./protocol.ts";

/** Deno's default length of the buffer for one received datagram of Node's sockets, bytes. */
const DENOS_RECEIVE_BYTES = 65_536;
/** Length of our buffer for one received datagram of Node's sockets, bytes. */
const RECEIVE_BYTES = 4_096;

/** A bound UDP socket. */
export interface UdpSocket {
  readonly port: number;
  /** Sends a datagram. Resolves even if the operating system refuses to send. */
  send(datagram: Packet): Promise<void>;
  /**
   * Calls back with each datagram that is not longer than permitted. Rejects if the socket fails.
   */
  receive(onDatagram: (datagram: Packet) => void): Promise<void>;
  close(): void;
}

/** Binds a socket of Deno. */
export function bindUdp(hostname: string, port: number, reuseAddress = false) {
  const socket = Deno.listenDatagram({ transport: "udp", hostname, port, reuseAddress });
  const bound: UdpSocket = {
    port: (socket.addr as Deno.NetAddr).port,
    async send({ host: hostname, port, bytes }) {
      await socket.send(bytes, { transport: "udp", hostname, port }).catch(() => {});
    },
    async receive(onDatagram) {
      const buffer = new Uint8Array(MAX_PACKET_BYTES + 1);
      for (;;) {
        const [bytes, from] = await socket.receive(buffer);
        const { hostname: host, port } = from as Deno.NetAddr;
        if (bytes.length > 0 && bytes.length <= MAX_PACKET_BYTES) {
          onDatagram({ host, port, bytes: bytes.slice() });
        }
      }
    },
    close: () => socket.close(),
  };
  return { ...bound, socket };
}

/**
 * Binds a socket of IPv6 alone, beside a socket of IPv4 with the same port. Only Node's sockets can
 * leave IPv4 out. They are loaded here, because a thread with a module of Node takes 5 MiB more.
 */
export async function bindUdpIpv6(address: string, port: number): Promise<UdpSocket> {
  allowSockets();
  const { createSocket } = await import("node:dgram");
  const socket = createSocket({
    type: "udp6",
    ipv6Only: true,
    // Addresses are checked before, and are no names.
    lookup: (address, _options, done) => done(null, address, 6),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject).bind(port, address, resolve);
  });
  if (socket.getRecvBufferSize() === DENOS_RECEIVE_BYTES) socket.setRecvBufferSize(RECEIVE_BYTES);
  return {
    port: socket.address().port,
    send: ({ host, port, bytes }) =>
      new Promise((resolve) => socket.send(bytes, port, host, () => resolve())),
    receive: (onDatagram) =>
      new Promise((_, reject) => {
        socket.on("error", reject).on("message", (buffer, { address: host, port }) => {
          const bytes = Uint8Array.from(buffer);
          if (bytes.length > 0 && bytes.length <= MAX_PACKET_BYTES) {
            onDatagram({ host, port, bytes });
          }
        });
      }),
    close: () => socket.close(),
  };
}
