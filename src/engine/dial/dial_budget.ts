/**
 * Where we connect to when a stranger names a peer. Whoever puts an address into the DHT, a magnet link or
 * a peer exchange (BEP 11) could aim us at somebody's mail server, have us try all ports of a machine, or
 * knock at one for ever. So only ports that peers use are dialled, few of one address, none that keeps
 * failing, and never our own.
 *
 * @module
 */

import { type Clock, type HostPort, isLocalAddress, isPeerPort } from "../../base/mod.ts";

/** The limits of {@linkcode DialBudget}. */
export interface DialLimits {
  /** Ports of one address that are dialled within `portsForMs`. */
  ports: number;
  portsForMs: number;
  /** Dials to one address and port that may fail within `failuresForMs`; those under way count too. */
  failures: number;
  failuresForMs: number;
  /** After an answer, dials under way to that address and port do not count for this long. */
  answeredForMs: number;
  /** Addresses that are remembered; the one that was dialled longest ago is forgotten first. */
  remembered: number;
}

/**
 * Eight: peers behind one NAT have a port each. Six: a peer that restarts is tried four times in 21 s by
 * npm:webtorrent, and then when it is found again. 16,384: with 50 connections of a torrent, each given up
 * after five seconds, ten minutes see some 6,000 dead addresses.
 */
export const DIAL_LIMITS: DialLimits = {
  ports: 8,
  portsForMs: 10 * 60_000,
  failures: 6,
  failuresForMs: 60_000,
  answeredForMs: 60_000,
  remembered: 16_384,
};

/** How many of our own addresses are remembered. */
const MAX_OURS = 64;

/** Options of {@linkcode DialBudget}. */
export interface DialBudgetOptions {
  clock: Clock;
  /** Hosts without limits, as those of a test network; none unless given. */
  isFree?: (host: string) => boolean;
  /** The port that we listen at. */
  ownPort: () => number;
  limits?: DialLimits;
}

/** Why an address is not dialled; `waiting` if too many dials wait already. */
export type DialRefusal = "port" | "ourselves" | "ports of the address" | "failures" | "waiting";

/** The record of one port of an address. */
interface Dialled {
  lastMs: number;
  /** When the last dials failed. */
  failedMs: number[];
  /** Dials that have neither answered nor failed. */
  underWay: number;
  answeredMs?: number;
}

/** Counts dials by address. */
export class DialBudget {
  readonly #options: Required<DialBudgetOptions>;
  /** By host, the one that was dialled longest ago first; at most `ports` ports of each. */
  readonly #hosts = new Map<string, Map<number, Dialled>>();
  /** Addresses at which we have met ourselves. */
  readonly #ours = new Set<string>();

  constructor(options: DialBudgetOptions) {
    const { isFree = () => false, limits = DIAL_LIMITS } = options;
    this.#options = { ...options, isFree, limits };
  }

  /** Why an address is not to be dialled now; `undefined` if it may be. */
  refusal({ host, port }: HostPort): DialRefusal | undefined {
    const { isFree, ownPort, limits } = this.#options;
    const isHere = port === ownPort() && isLoopback(host);
    if (isHere || this.#ours.has(keyOf({ host, port }))) return "ourselves";
    if (isFree(host)) return undefined;
    if (!isPeerPort(port)) return "port";
    const ports = this.#recent(host);
    const dialled = ports?.get(port);
    if (!dialled) return ports && ports.size >= limits.ports ? "ports of the address" : undefined;
    return this.#failures(dialled) >= limits.failures ? "failures" : undefined;
  }

  /**
   * Whether an address that is not refused has to wait: if all of its dials under way failed, it would
   * have failed as often as it may. At least one dial is under way then.
   */
  mustWait({ host, port }: HostPort): boolean {
    const dialled = this.#recent(host)?.get(port);
    if (!dialled || dialled.underWay === 0) return false;
    const { answeredMs, underWay } = dialled;
    const { failures, answeredForMs } = this.#options.limits;
    if (answeredMs !== undefined && this.#isWithin(answeredMs, answeredForMs)) return false;
    return this.#failures(dialled) + underWay >= failures;
  }

  /** Takes in that an address is dialled now; {@linkcode answered} or {@linkcode failed} has to follow. */
  dialled({ host, port }: HostPort): void {
    const { isFree, clock, limits } = this.#options;
    if (isFree(host)) return;
    const ports = this.#recent(host) ?? new Map<number, Dialled>();
    this.#hosts.delete(host);
    this.#hosts.set(host, ports);
    const { failedMs = [], underWay = 0, answeredMs } = ports.get(port) ?? {};
    ports.set(port, { lastMs: clock.now(), failedMs, underWay: underWay + 1, answeredMs });
    if (this.#hosts.size > limits.remembered) this.#hosts.delete(this.#hosts.keys().next().value!);
  }

  /** Takes in that a dial led to a peer. */
  answered(address: HostPort): void {
    const dialled = this.#ended(address);
    if (dialled) dialled.answeredMs = this.#options.clock.now();
  }

  /** Takes in that a dial led to no peer. */
  failed(address: HostPort): void {
    const dialled = this.#ended(address);
    if (!dialled) return;
    dialled.failedMs.push(this.#options.clock.now());
    if (dialled.failedMs.length > this.#options.limits.failures) dialled.failedMs.shift();
  }

  /** Takes in that we listen at an address ourselves. */
  learnOurs(address: HostPort): void {
    this.#ours.add(keyOf(address));
    if (this.#ours.size > MAX_OURS) this.#ours.delete(this.#ours.values().next().value!);
  }

  /** The record of an address of which a dial has ended. */
  #ended({ host, port }: HostPort): Dialled | undefined {
    const dialled = this.#hosts.get(host)?.get(port);
    if (dialled && dialled.underWay > 0) dialled.underWay--;
    return dialled;
  }

  #failures({ failedMs }: Dialled): number {
    const { failuresForMs } = this.#options.limits;
    return failedMs.filter((atMs) => this.#isWithin(atMs, failuresForMs)).length;
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#hosts.size;
  }

  /** The ports of a host that were dialled lately; the others are forgotten. */
  #recent(host: string): Map<number, Dialled> | undefined {
    const ports = this.#hosts.get(host);
    for (const [port, { lastMs }] of ports ?? []) {
      if (!this.#isWithin(lastMs, this.#options.limits.portsForMs)) ports!.delete(port);
    }
    return ports;
  }

  /** A clock that was set back has nothing remembered for longer. */
  #isWithin(atMs: number, forMs: number): boolean {
    return Math.abs(this.#options.clock.now() - atMs) < forMs;
  }
}

/** Hosts to which nothing is limited where test networks are allowed: loopback and private ones. */
export function isTestHost(host: string): boolean {
  return isLocalAddress(host) || isLoopback(host);
}

function isLoopback(host: string): boolean {
  return host.startsWith("127.") || host === "::1";
}

function keyOf({ host, port }: HostPort): string {
  return `${host} ${port}`;
}
