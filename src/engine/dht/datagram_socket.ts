/**
 * A UDP socket of IPv4 with the members of a `dgram` socket that the DHT uses. It calls Deno's own
 * interface: `node:dgram` makes new memory for each received packet and copies each sent one twice,
 * which takes half as much processor time again.
 *
 * @module
 */

import type { RemoteInfo } from "node:dgram";
import { EventEmitter } from "node:events";
import { isIPv4 } from "node:net";

/** Called when a packet was handed to the system, or was not. */
type SendCallback = (error: Error | null) => void;

/** The members of a `dgram` socket that are used. */
export interface DatagramSocket extends EventEmitter {
  bind(port: number, address?: string): unknown;
  address(): { address: string; family: string; port: number };
  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    port: number,
    host: string,
    done: SendCallback,
  ): void;
  close(): unknown;
  /** Length of the buffer for one received packet. Only sockets of `dgram` have these members. */
  getRecvBufferSize?(): number;
  setRecvBufferSize?(bytes: number): void;
}

/**
 * A socket that emits `listening` before {@linkcode bind} returns. Received bytes (`Uint8Array`) are
 * valid during `message` only: the next packet takes their place. A packet is truncated to
 * `receiveBytes`.
 */
export class DenoDatagramSocket extends EventEmitter implements DatagramSocket {
  readonly #buffer: Uint8Array;
  #socket: Deno.DatagramConn | undefined;
  /** The last address that was sent to, which needs no second check. */
  #to: Deno.NetAddr | undefined;

  constructor(receiveBytes: number) {
    super();
    this.#buffer = new Uint8Array(receiveBytes);
  }

  /** Opens the socket. Emits `listening`, or `error` with the system's `code`. */
  bind(port: number, address = "0.0.0.0"): void {
    try {
      this.#socket = Deno.listenDatagram({ transport: "udp", hostname: address, port });
    } catch (error) {
      this.emit("error", error);
      return;
    }
    this.emit("listening");
    this.#receive(this.#socket).catch((error) => this.emit("error", error));
  }

  address(): { address: string; family: string; port: number } {
    const { hostname: address, port } = this.#open.addr as Deno.NetAddr;
    return { address, family: "IPv4", port };
  }

  /**
   * Sends a packet. Throws if the socket is closed or the address impossible.
   *
   * @param host IPv4 address
   */
  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    port: number,
    host: string,
    done: SendCallback,
  ): void {
    const last = this.#to;
    const isSame = last?.hostname === host && last.port === port;
    const to = this.#to = isSame ? last : addressOf(host, port);
    const packet = length === bytes.length ? bytes : bytes.subarray(offset, offset + length);
    this.#open.send(packet, to).then(() => done(null), done);
  }

  /** Closes the socket. Throws if it is closed. */
  close(): void {
    this.#open.close();
    this.#socket = undefined;
    queueMicrotask(() => this.emit("close"));
  }

  get #open(): Deno.DatagramConn {
    if (this.#socket) return this.#socket;
    throw new Error("The UDP socket is closed");
  }

  async #receive(socket: Deno.DatagramConn): Promise<void> {
    while (this.#socket === socket) {
      try {
        const [bytes, from] = await socket.receive(this.#buffer);
        const { hostname: address, port } = from as Deno.NetAddr;
        const info: RemoteInfo = { address, family: "IPv4", port, size: bytes.length };
        this.emit("message", bytes, info);
      } catch (error) {
        // Windows reports a packet that nobody received to its sender.
        if (error instanceof Deno.errors.ConnectionReset) continue;
        if (this.#socket === socket) throw error;
      }
    }
  }
}

/** Returns an address as Deno takes it; throws if it is none. */
function addressOf(hostname: string, port: number): Deno.NetAddr {
  if (!isIPv4(hostname)) throw new TypeError(`${hostname} is no IPv4 address`);
  if (!(port > 0 && port <= 65_535)) throw new RangeError(`${port} is no port`);
  return { transport: "udp", hostname, port };
}
