/**
 * UDP channels to the router: to its PCP and NAT-PMP server, and for searches by SSDP. Opening the
 * channel fixes the receivers.
 *
 * @module
 */

import { createSocket, type Socket } from "node:dgram";
import { type Clock, parseAddress } from "../base/mod.ts";
import type { Channel, Line } from "./channel.ts";
import { GateError } from "./errors.ts";
import type { Gateways } from "./gateways.ts";
import type { OwnAddresses } from "./own_addresses.ts";
import { type Ask, MAX_PACKET_BYTES, type Packet, WINDOW_PACKETS } from "./protocol.ts";

/** Ports of the protocols. Tests have a router at other ports. */
export interface RouterPorts {
  /** Server of PCP (RFC 6887, section 19.1) and NAT-PMP (RFC 6886, section 1.1). */
  portControl: number;
  /** Group of SSDP (UPnP Device Architecture 2.0, section 1.1.2). */
  ssdp: { host: string; port: number };
}

/** The protocols' own ports. */
export const ROUTER_PORTS: RouterPorts = {
  portControl: 5_351,
  ssdp: { host: "239.255.255.250", port: 1_900 },
};

/** Matches a search for a router. The gate sends no search for other devices. */
const SEARCH =
  /^M-SEARCH \* HTTP\/1\.1\r\n(?:[^\r\n]+\r\n)*ST: urn:schemas-upnp-org:(?:device:InternetGatewayDevice|service:WAN(?:IP|PPP)Connection):\d\r\n(?:[^\r\n]+\r\n)*\r\n$/;

/** Dependencies of a channel. */
export interface RouterContext {
  clock: Clock;
  gateways: Gateways;
  own: OwnAddresses;
  ports: RouterPorts;
}

/** A channel of one UDP socket of IPv4. */
export class RouterUdp implements Channel {
  readonly #line: Line;
  readonly #context: RouterContext;
  readonly #isSearch: boolean;
  readonly #receivers: readonly { host: string; port: number }[];
  readonly #socket: Socket;
  /** Datagrams that may still go to the asking thread, and that may still come from it. */
  #credit = WINDOW_PACKETS;
  #allowance = WINDOW_PACKETS;

  /**
   * @param kind `control` for PCP and NAT-PMP, `search` for SSDP
   * @param host address of the router; for a search it may be empty
   */
  constructor(line: Line, context: RouterContext, kind: "control" | "search", host: string) {
    this.#line = line;
    this.#context = context;
    this.#isSearch = kind === "search";
    const { portControl, ssdp } = context.ports;
    const router = host === "" ? undefined : context.gateways.find(host, context.clock.now());
    if (!router && (host !== "" || !this.#isSearch)) throw notARouter(host);
    this.#receivers = this.#isSearch
      ? [ssdp, ...(router ? [{ host: router, port: ssdp.port }] : [])]
      : [{ host: router!, port: portControl }];
    this.#socket = createSocket({
      type: "udp4",
      // Addresses are checked before, and are no names.
      lookup: (address, _options, done) => done(null, address, 4),
    });
    this.#socket.on("error", (error) => {
      this.close();
      line.end(error);
    });
    this.#socket.on("message", (bytes, from) => this.#receive(bytes, from.address, from.port));
    const address = context.own.of("IPv4");
    this.#socket.bind(0, address ?? "0.0.0.0", () => {
      if (this.#isSearch && address !== undefined) this.#socket.setMulticastInterface(address);
      line.tell({ tell: "open", port: portControl });
    });
  }

  take(ask: Ask): void {
    if (ask.ask === "credit") {
      this.#credit = Math.min(this.#credit + ask.amount, WINDOW_PACKETS);
    } else if (ask.ask === "packets") {
      this.#allowance -= ask.packets.length;
      if (this.#allowance < 0) throw new GateError("OVER_CREDIT", "More packets came than credit");
      for (const packet of ask.packets) this.#send(packet);
      this.#allowance += ask.packets.length;
      this.#line.tell({ tell: "credit", amount: ask.packets.length });
    } else throw new GateError("BAD_REQUEST", `A socket to the router does not take ${ask.ask}`);
  }

  close(): void {
    try {
      this.#socket.close();
    } catch {
      // `close` throws if the socket is closed already.
    }
  }

  /** Sends to the channel's receivers, and ignores the address in the packet. */
  #send({ bytes }: Packet): void {
    if (this.#isSearch && !SEARCH.test(String.fromCharCode(...bytes))) {
      throw new GateError("BAD_REQUEST", "The datagram is no search for a router");
    }
    for (const { host, port } of this.#receivers) {
      try {
        // A network without a route to the group is no reason to end the channel.
        this.#socket.send(bytes, port, host, () => {});
      } catch {
        // The socket is not bound yet, or is closed.
      }
    }
  }

  #receive(bytes: Uint8Array, host: string, port: number): void {
    if (this.#credit <= 0 || bytes.length === 0 || bytes.length > MAX_PACKET_BYTES) return;
    const address = parseAddress(host);
    const [router] = this.#receivers;
    const isWanted = this.#isSearch
      ? address && this.#context.gateways.noteAnswer(address, this.#context.clock.now())
      : host === router!.host && port === router!.port;
    if (!isWanted) return;
    this.#credit--;
    this.#line.tell({ tell: "packets", packets: [{ host, port, bytes: Uint8Array.from(bytes) }] });
  }
}

/** Error for an address that is not our router's. */
export function notARouter(host: string): GateError {
  return new GateError("ADDRESS_REFUSED", `${host} is not the address of the default gateway`);
}
