/**
 * The channel of a UDP socket of IPv6. It sends to permitted addresses only, and moves datagrams in
 * batches with credit.
 *
 * @module
 */

import { createSocket, type Socket } from "node:dgram";
import { setImmediate } from "node:timers";
import { parseAddress } from "../base/mod.ts";
import type { Channel, Line } from "./channel.ts";
import type { Contacts } from "./contacts.ts";
import { GateError } from "./errors.ts";
import type { OwnAddresses } from "./own_addresses.ts";
import { type Ask, MAX_PACKET_BYTES, type Packet, WINDOW_PACKETS } from "./protocol.ts";

/** Lowest port that may be bound (RFC 6335, section 6); 0 asks for any free one. */
const FIRST_USER_PORT = 1_024;
/** Deno's default length of the receive buffer for one datagram, bytes. */
const DENOS_RECEIVE_BYTES = 65_536;
/** Length of our receive buffer for one datagram, bytes; the engine's IPv4 socket has the same. */
const RECEIVE_BYTES = 4_096;

/** A channel of one UDP socket of IPv6, bound beside a socket of IPv4 with the same port. */
export class UdpChannel implements Channel {
  readonly #line: Line;
  readonly #contacts: Contacts;
  readonly #socket: Socket;
  #received: Packet[] = [];
  /** Datagrams that may still go to the asking thread, and that may still come from it. */
  #credit = WINDOW_PACKETS;
  #allowance = WINDOW_PACKETS;

  constructor(line: Line, contacts: Contacts, own: OwnAddresses, port: number) {
    const address = own.of("IPv6") ?? "::";
    if (port !== 0 && port < FIRST_USER_PORT) {
      throw new GateError("ADDRESS_REFUSED", `The gate does not bind the system port ${port}`);
    }
    this.#line = line;
    this.#contacts = contacts;
    this.#socket = createSocket({
      type: "udp6",
      ipv6Only: true,
      // Addresses are checked before, and are no names.
      lookup: (address, _options, done) => done(null, address, 6),
    });
    this.#socket.on("error", (error) => {
      this.close();
      line.end(error);
    });
    this.#socket.on("message", (bytes, { address, port }) => this.#receive(bytes, address, port));
    this.#socket.bind(port, address, () => {
      const { getRecvBufferSize, setRecvBufferSize } = this.#socket;
      if (getRecvBufferSize.call(this.#socket) === DENOS_RECEIVE_BYTES) {
        setRecvBufferSize.call(this.#socket, RECEIVE_BYTES);
      }
      line.tell({ tell: "open", port: this.#socket.address().port });
    });
  }

  take(ask: Ask): void {
    if (ask.ask === "credit") {
      this.#credit = Math.min(this.#credit + ask.amount, WINDOW_PACKETS);
    } else if (ask.ask === "packets") {
      this.#allowance -= ask.packets.length;
      if (this.#allowance < 0) throw new GateError("OVER_CREDIT", "More packets came than credit");
      this.#send(ask.packets);
    } else throw new GateError("BAD_REQUEST", `A UDP socket does not take ${ask.ask}`);
  }

  close(): void {
    try {
      this.#socket.close();
    } catch {
      // `close` throws if the socket is closed already.
    }
  }

  /** Sends datagrams, and gives their credit back after the last one. Failures are not reported. */
  #send(packets: Packet[]): void {
    let left = packets.length;
    const onSent = () => {
      if (--left > 0) return;
      this.#allowance += packets.length;
      this.#line.tell({ tell: "credit", amount: packets.length });
    };
    for (const { host, port, bytes } of packets) {
      const address = parseAddress(host);
      if (!address || !this.#contacts.maySend(address, port)) onSent();
      else {
        try {
          this.#socket.send(bytes, port, host, onSent);
        } catch {
          // The socket is not bound yet, or is closed.
          onSent();
        }
      }
    }
  }

  /** Collects the datagrams of one turn of the event loop; those beyond the credit are dropped. */
  #receive(bytes: Uint8Array, host: string, port: number): void {
    if (this.#credit <= 0 || bytes.length === 0 || bytes.length > MAX_PACKET_BYTES) return;
    this.#credit--;
    if (this.#received.length === 0) setImmediate(() => this.#flush());
    this.#received.push({ host, port, bytes: Uint8Array.from(bytes) });
  }

  #flush(): void {
    const packets = this.#received;
    this.#received = [];
    this.#line.tell({ tell: "packets", packets });
  }
}
