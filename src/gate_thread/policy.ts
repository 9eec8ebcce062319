/**
 * Decides which addresses and ports the gate may contact: public ones, neighbours that local
 * discovery has heard, and the router. Names are looked up in `streams.ts`.
 *
 * @module
 */

import {
  type Address,
  blockOf,
  type BoundAddresses,
  type Clock,
  formatAddress,
  isInBlock,
  isLocal,
  isLoopback,
  isNodePort,
  isPeerPort,
  isPublic,
  machineOf,
  parseAddress,
  withoutZone,
} from "../base/mod.ts";
import { Refusal } from "./errors.ts";

/**
 * Time during which a neighbour or a router that was heard may be contacted (ms). Neighbours repeat
 * their announcements each five minutes.
 */
export const HEARD_MS = 3_600_000;
/** Maximum number of remembered neighbours, of ports of one neighbour, and of routers. */
const MAX_NEIGHBOURS = 256;
const MAX_NEIGHBOUR_PORTS = 8;
const MAX_ROUTERS = 8;
const LINK_LOCAL = blockOf("fe80::/10");
const UNIQUE_LOCAL = blockOf("fc00::/7");
/** The address of IPv6 in the location of a router's description. */
const LOCATION = /^location:[ \t]*http:\/\/\[([0-9a-f:.]+)\]/im;

/** The default gateway of IPv6, as the launcher tells it. */
export interface GatewayIpv6 {
  /** Link-local address with its zone (`fe80::1%eth0`), or a unique local one. */
  address: string;
  /** Public address from which this machine sends to the internet. */
  localAddress: string;
}

/** An address of a network interface of this machine, as `Deno.networkInterfaces` tells. */
export type Interface = Pick<
  Deno.NetworkInterfaceInfo,
  "name" | "family" | "address" | "cidr" | "scopeid"
>;

/** Options of {@linkcode Policy}. They come from the launcher, never from a thread that asks. */
export interface PolicyOptions {
  clock: Clock;
  /** Whether addresses of this machine and of private networks may be contacted, at any port. */
  allowLocal: boolean;
  /** The interfaces of local discovery. */
  interfaces: readonly Interface[];
  /** The addresses from which the gate sends; absent for all of this machine. */
  binding?: BoundAddresses;
}

/** The addresses and ports that the gate may contact. */
export class Policy {
  readonly #clock: Clock;
  readonly #allowLocal: boolean;
  /** Time when each neighbour was heard last, by `ADDRESS PORT`; the oldest first. */
  readonly #neighbours = new Map<string, number>();
  /** Time when each address answered a search for routers last; the oldest first. */
  readonly #routers = new Map<string, number>();
  readonly #binding: BoundAddresses | undefined;
  #gateway: string | undefined;
  #gatewayIpv6: GatewayIpv6 | undefined;
  /** Time when the gateway of IPv6 named each of its public addresses last; the oldest first. */
  readonly #routersIpv6 = new Map<string, number>();
  #interfaces: readonly Interface[] = [];

  constructor({ clock, allowLocal, interfaces, binding }: PolicyOptions) {
    this.#clock = clock;
    this.#allowLocal = allowLocal;
    this.#binding = binding;
    this.interfaces = interfaces;
  }

  /** Interfaces for the local discoveries that begin from now on, if sockets may be bound to them. */
  get interfaces(): readonly Interface[] {
    return this.#interfaces;
  }

  set interfaces(all: readonly Interface[]) {
    const { ipv4, ipv6 } = this.#binding ?? {};
    this.#interfaces = all.filter(({ address }) =>
      !this.#binding || address === ipv4 || address === ipv6
    );
  }

  /** Returns the address from which a socket sends; `undefined` if any may be used. */
  sendsFrom(family: Interface["family"]): string | undefined {
    if (!this.#binding) return undefined;
    const address = family === "IPv4" ? this.#binding.ipv4 : this.#binding.ipv6;
    if (address !== undefined) return address;
    throw new Refusal("EADDRNOTAVAIL", `libreseed is bound to an interface without ${family}`);
  }

  /**
   * Returns the address to which a UDP socket of IPv6 is bound.
   *
   * @param text the address that the asking thread names; empty for all addresses. The operating
   * system refuses an address that this machine does not have.
   */
  bindsTo(text: string): string {
    const bound = this.sendsFrom("IPv6");
    if (bound !== undefined || text === "") return bound ?? "::";
    const address = parseAddress(text);
    if (address?.length === 16 && isPublic(address)) return formatAddress(address);
    throw new Refusal("ADDRESS_REFUSED", `${text} is no public address of IPv6`);
  }

  /** Sets the address of the default gateway, if the launcher knows it. */
  set gateway(address: string | undefined) {
    if (address === this.#gateway) return;
    this.#gateway = address;
    this.#routers.clear();
  }

  /** Sets the default gateway of IPv6, if the launcher knows it. */
  set gatewayIpv6(gateway: GatewayIpv6 | undefined) {
    const { address, localAddress } = gateway ?? {};
    const { address: addressWas, localAddress: localWas } = this.#gatewayIpv6 ?? {};
    this.#gatewayIpv6 = gateway;
    if (address !== addressWas || localAddress !== localWas) this.#routersIpv6.clear();
  }

  /** Whether a web server at this address and port may be asked. */
  mayFetch(address: Address, port: number): boolean {
    return isPublic(address) && isPeerPort(port) || this.#isAllowedLocal(address, port);
  }

  /** Whether a peer may be dialled: a public one, or a neighbour heard within the last hour. */
  mayDial(address: Address, port: number): boolean {
    return this.mayFetch(address, port) || this.#isRecent(this.#neighbours, keyOf(address, port));
  }

  /** Whether a datagram may be sent to this address of IPv6. */
  maySend(address: Address, port: number): boolean {
    return address.length === 16 &&
      (isPublic(address) && isNodePort(port) || this.#isAllowedLocal(address, port));
  }

  /**
   * Notes that a neighbour has announced itself at this port, or speaks uTP there.
   * Returns `false` for an address that lies in no network of our interfaces. Link-local addresses are
   * no neighbours: cloud providers serve credentials at one of them.
   */
  noteNeighbour(address: Address, port: number): boolean {
    const isNear = (isPublic(address) || isLocal(address)) && this.#isOfOurNetworks(address);
    if (!isNear || !isNodePort(port)) return false;
    const ofAddress = keyOf(address, "");
    const same = [...this.#neighbours.keys()].filter((key) => key.startsWith(ofAddress));
    const key = keyOf(address, port);
    if (same.length >= MAX_NEIGHBOUR_PORTS && !same.includes(key)) {
      this.#neighbours.delete(same[0]!);
    }
    if (!isPublic(address)) this.#note(this.#neighbours, key, MAX_NEIGHBOURS);
    return true;
  }

  /**
   * Whether a neighbour may be asked if it speaks uTP: a private address of IPv4 of our networks, or a
   * unique local one of IPv6.
   */
  mayProbe(address: Address, port: number): boolean {
    return isLocal(address) && this.#isOfOurNetworks(address) && isNodePort(port);
  }

  /** Notes an answer to a search. Returns whether the sender counts as a router from now on. */
  noteAnswer(address: Address): boolean {
    if (!this.#isNearRouter(address)) return false;
    const text = formatAddress(address);
    if (this.#gateway !== undefined) return text === this.#gateway;
    this.#note(this.#routers, text, MAX_ROUTERS);
    return true;
  }

  /**
   * Returns the router's address: the default gateway or, if the launcher knows none, a private
   * address that answered a search within the last hour. Throws for any other address.
   */
  router(text: string): string {
    const address = parseAddress(text);
    if (address && this.#isNearRouter(address)) {
      const known = formatAddress(address);
      if (known === this.#gateway) return known;
      if (this.#gateway === undefined && this.#isRecent(this.#routers, known)) return known;
    }
    throw new Refusal("ADDRESS_REFUSED", `${text} is not the address of the default gateway`);
  }

  /** Returns the gateway of IPv6. Throws if the launcher knows none, or knows it by another address. */
  gatewayAt(text: string): GatewayIpv6 {
    const gateway = this.#gatewayIpv6;
    const address = parseAddress(withoutZone(text));
    const isNear = address && isNearIpv6(address);
    if (gateway && gateway.address === text && isNear) return gateway;
    throw new Refusal("ADDRESS_REFUSED", `${text} is not the address of the gateway of IPv6`);
  }

  /**
   * Notes an answer to a search over IPv6. Returns whether it counts: it comes from the gateway, or
   * from the address that it names, and names a public address of our own network (/64), which counts
   * as the router's from now on.
   */
  noteAnswerIpv6(sender: string, bytes: Uint8Array): boolean {
    const gateway = this.#gatewayIpv6;
    const named = LOCATION.exec(String.fromCharCode(...bytes))?.[1];
    const address = named === undefined ? undefined : parseAddress(named);
    if (!gateway || !address || !isPublic(address)) return false;
    const text = formatAddress(address);
    const isSaid = sender === withoutZone(gateway.address) || sender === text;
    if (!isSaid || machineOf(text) !== machineOf(gateway.localAddress)) return false;
    this.#note(this.#routersIpv6, text, MAX_ROUTERS);
    return true;
  }

  /** Returns where a connection to the router of IPv6 leads, and from which address it comes. */
  routerIpv6(text: string): { to: Address; from: string } {
    const address = parseAddress(text);
    const gateway = this.#gatewayIpv6;
    if (gateway && address && this.#isRecent(this.#routersIpv6, formatAddress(address))) {
      // A router in use is not searched again.
      this.#note(this.#routersIpv6, formatAddress(address), MAX_ROUTERS);
      return { to: address, from: gateway.localAddress };
    }
    throw new Refusal("ADDRESS_REFUSED", `The gateway of IPv6 has not named the address ${text}`);
  }

  /** Whether an IPv4 address lies in a private network, or on this machine if that is allowed. */
  #isNearRouter(address: Address): boolean {
    return address.length === 4 && isLocal(address) && (this.#allowLocal || !isLoopback(address));
  }

  #isOfOurNetworks(address: Address): boolean {
    return this.interfaces.some(({ cidr }) => isInBlock(blockOf(cidr), address));
  }

  #isAllowedLocal(address: Address, port: number): boolean {
    return this.#allowLocal && isLocal(address) && port >= 1 && port <= 65_535;
  }

  #isRecent(heard: Map<string, number>, key: string): boolean {
    return this.#clock.now() - (heard.get(key) ?? -Infinity) <= HEARD_MS;
  }

  /** Notes the time of a key. The oldest key is dropped if there are too many. */
  #note(heard: Map<string, number>, key: string, most: number): void {
    heard.delete(key);
    if (heard.size >= most) heard.delete(heard.keys().next().value!);
    heard.set(key, this.#clock.now());
  }
}

/** Whether an address can be a home router's: link-local or unique local. */
function isNearIpv6(address: Address): boolean {
  return isInBlock(LINK_LOCAL, address) || isInBlock(UNIQUE_LOCAL, address);
}

function keyOf(address: Address, port: number | ""): string {
  return `${formatAddress(address)} ${port}`;
}
