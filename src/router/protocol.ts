/**
 * The common interface of the PCP, NAT-PMP and UPnP clients: each maps a port, checks the mapping,
 * and deletes it.
 *
 * @module
 */

import type { Clock } from "../base/mod.ts";
import type { RouterTransport } from "./transport.ts";

/** Name of a protocol by which a router maps ports. */
export type ProtocolName = "PCP" | "NAT-PMP" | "UPnP";

/** Transport protocol of a mapped port. */
export type PortKind = "tcp" | "udp";

/** Requested mapping. */
export interface Wanted {
  kind: PortKind;
  /** Port of this machine. */
  internalPort: number;
  /** Preferred external port. The router may choose another port. */
  externalPort: number;
  /** Requested lease, seconds. */
  leaseSeconds: number;
}

/** Mapping that the router has made. */
export interface Granted {
  /** External IPv4 address of the router, or the IPv6 address to which it lets packets in. */
  externalAddress: string;
  externalPort: number;
  /** Granted lease, seconds. Infinity: the mapping is permanent. */
  leaseSeconds: number;
}

/** A mapping to check or delete. */
export type Held = Omit<Wanted, "leaseSeconds">;

/** Outcome of a check. After `lost`, the mappings have to be requested again. */
export type CheckResult = "held" | "lost";

/** A client of one router, for one protocol. */
export interface MappingClient {
  readonly protocol: ProtocolName;
  /** External address that the router has told last, also if it maps no port; dotted form. */
  readonly toldAddress?: string;
  /**
   * Maps a port, or renews its mapping.
   *
   * @throws {RouterError}
   */
  map(wanted: Wanted, signal: AbortSignal): Promise<Granted>;
  /**
   * Asks whether the router still has the mappings.
   *
   * @throws {RouterError} if the router does not answer
   */
  check(held: readonly Held[], externalAddress: string, signal: AbortSignal): Promise<CheckResult>;
  /** Deletes a mapping, if it is still ours. Rejects if the router does not confirm it. */
  unmap(held: Held, signal: AbortSignal): Promise<void>;
  /** Closes the client's sockets. Mappings stay. */
  close(): void;
}

/** Dependencies of the clients. */
export interface ClientContext {
  clock: Clock;
  /** Fills a buffer with random bytes, as `crypto.getRandomValues` does. */
  random: (bytes: Uint8Array) => Uint8Array;
  transport: RouterTransport;
  /**
   * Returns the nonce of a PCP mapping, 12 bytes, by a text that names the mapping. The nonce must
   * survive the process: a server refuses a mapping that it holds with another nonce (RFC 6887,
   * section 11.3).
   */
  nonceOf: (mapping: string) => Uint8Array;
}
