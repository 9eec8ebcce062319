/**
 * Chooses the way to a peer: a connection of this thread, or one of the gate. The thread's
 * permissions can express ranges of IPv4 only, so every IPv6 address is dialled through the gate. So
 * is a neighbour that local discovery has heard, because its address is private.
 *
 * @module
 */

import type { BoundAddresses, Clock, HostPort } from "../../base/mod.ts";
import { keyOf } from "./address_key.ts";
import { mayDialOf } from "./dial_budget.ts";
import type { GateClient, GateSocket } from "../../gate/mod.ts";

/** The gate's members that dial. */
export type DialGate = Pick<GateClient, "dial">;

/** Options of {@linkcode Routes}. */
export interface RoutesOptions {
  clock: Clock;
  /** The addresses of this machine to which all sockets are bound; absent for all of them. */
  binding?: BoundAddresses;
  /** Returns the gate; it starts at the first call. Absent if there is none. */
  gate?: () => DialGate;
  /** Whether a host that is not on the internet may be dialled; default as of {@linkcode mayDialOf}. */
  isFreeHost?: (host: string) => boolean;
}

/**
 * Pause before the next dial to an IPv6 address after the operating system had no route (ms). A
 * machine without IPv6 thus makes one attempt in this time, which sends nothing.
 */
const NO_ROUTE_MS = 10 * 60_000;
/**
 * Codes of the operating system for a missing route: no route to the network, no address to send
 * from, no IPv6 at all. One unreachable host (EHOSTUNREACH) says nothing about the others.
 */
const NO_ROUTE_CODES = ["ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"];
/** Maximum number of remembered neighbours. The oldest is dropped. */
const MAX_NEIGHBOURS = 256;

/** The ways to peers. */
export class Routes {
  readonly #clock: Clock;
  readonly #gate: (() => DialGate) | undefined;
  /** Neighbours that local discovery has heard, as `ADDRESS PORT`; the oldest first. */
  readonly #neighbours = new Set<string>();
  readonly #binding: BoundAddresses | undefined;
  readonly #mayDial: (host: string) => boolean;
  #noIpv6SinceMs: number | undefined;
  /** Whether nothing is dialled, because the addresses to which we are bound cannot be used. */
  isSuspended = false;

  constructor({ clock, gate, binding, isFreeHost }: RoutesOptions) {
    this.#mayDial = mayDialOf({ isFreeHost });
    this.#clock = clock;
    this.#gate = gate;
    this.#binding = binding;
  }

  /** Address from which this thread dials IPv4 peers; `undefined` if the system may choose it. */
  get localAddress(): string | undefined {
    return this.#binding?.ipv4;
  }

  /** Notes that local discovery has heard a neighbour, which the gate now dials. */
  noteNeighbour(address: HostPort): void {
    const key = keyOf(address);
    this.#neighbours.delete(key);
    this.#neighbours.add(key);
    if (this.#neighbours.size > MAX_NEIGHBOURS) {
      this.#neighbours.delete(this.#neighbours.values().next().value!);
    }
  }

  /** Forgets that there was no route: this machine has other addresses now. */
  networkChanged(): void {
    this.#noIpv6SinceMs = undefined;
  }

  /**
   * Whether an address is not dialled now, because this machine has no route to IPv6 addresses, or the
   * addresses to which we are bound have none.
   */
  isWithoutRoute({ host }: HostPort): boolean {
    if (this.isSuspended) return true;
    if (this.#binding && (isIpv6(host) ? this.#binding.ipv6 : this.#binding.ipv4) === undefined) {
      return true;
    }
    if (this.#noIpv6SinceMs === undefined || !isIpv6(host)) return false;
    // The time may lie in the future, after the clock was set back.
    return Math.abs(this.#clock.now() - this.#noIpv6SinceMs) < NO_ROUTE_MS;
  }

  /** Whether an address is reached through the gate only. */
  needsGate(address: HostPort): boolean {
    return isIpv6(address.host) || this.#neighbours.has(keyOf(address));
  }

  /**
   * Whether one of our UDP sockets reaches an address. The system drops datagrams to other addresses
   * without a word, where a dial by TCP tells at once that it is forbidden.
   */
  hasUtp(address: HostPort): boolean {
    return this.#mayDial(address.host) && (isIpv6(address.host) || !this.needsGate(address));
  }

  /**
   * Dials an address through the gate; `undefined` if this thread must dial the address itself, or
   * there is no gate.
   */
  dial(address: HostPort): GateSocket | undefined {
    const { host } = address;
    if (!this.needsGate(address) || !this.#gate) return undefined;
    const socket = this.#gate().dial(address);
    if (isIpv6(host)) {
      socket.once("error", ({ code }: Error & { code?: string }) => {
        if (NO_ROUTE_CODES.includes(code ?? "")) this.#noIpv6SinceMs = this.#clock.now();
      });
    }
    return socket;
  }
}

function isIpv6(host: string): boolean {
  return host.includes(":");
}
