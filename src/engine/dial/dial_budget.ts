/**
 * Limits which peer addresses are dialled, and how often. An attacker who puts addresses into the DHT, a
 * magnet link or a peer exchange (BEP 11) could otherwise make us connect to a mail server, scan the ports
 * of a machine, or dial one address without end. So only ports that peers use are dialled, few ports of
 * one address, no address that keeps failing, and never ourselves.
 *
 * @module
 */

import { type Clock, type HostPort, isLocalAddress, isPeerPort } from "../../base/mod.ts";

/** The limits of {@linkcode DialBudget}. */
export interface DialLimits {
  /** Maximum number of ports of one address dialled within `portsForMs`. */
  ports: number;
  portsForMs: number;
  /** Maximum number of failed dials to one address and port within `failuresForMs`, with those under way. */
  failures: number;
  failuresForMs: number;
  /** Time after an answer during which dials under way to that address and port do not count. */
  answeredForMs: number;
  /** Maximum number of addresses remembered (LRU). */
  remembered: number;
}

/**
 * Default limits. 8 ports, because peers behind one NAT have a port each. 6 failures, because
 * npm:webtorrent dials a peer that restarts four times in 21 s, and again when it is found anew. 16,384
 * addresses, because a torrent with 50 connections, each given up after five seconds, meets some 6,000
 * dead addresses in ten minutes.
 */
export const DIAL_LIMITS: DialLimits = {
  ports: 8,
  portsForMs: 10 * 60_000,
  failures: 6,
  failuresForMs: 60_000,
  answeredForMs: 60_000,
  remembered: 16_384,
};

/** Maximum number of our own addresses remembered. */
const MAX_OURS = 64;

/** Options of {@linkcode DialBudget}. */
export interface DialBudgetOptions {
  clock: Clock;
  /** Whether a host has no limits, as in a test network; default: none. */
  isFree?: (host: string) => boolean;
  /** The port that we listen on. */
  ownPort: () => number;
  limits?: DialLimits;
}

/** Reason why an address is not dialled; `waiting` if too many dials wait already. */
export type DialRefusal = "port" | "ourselves" | "ports of the address" | "failures" | "waiting";

/** History of one port of an address. */
interface Dialled {
  lastMs: number;
  /** Times of the last failed dials. */
  failedMs: number[];
  /** Number of dials that have neither been answered nor failed. */
  underWay: number;
  answeredMs?: number;
}

/** Tracks dials by address and applies the limits. */
export class DialBudget {
  readonly #options: Required<DialBudgetOptions>;
  /** Ports by host, least recently dialled host first; at most `ports` ports each. */
  readonly #hosts = new Map<string, Map<number, Dialled>>();
  /** Our own addresses, learnt by connecting to ourselves. */
  readonly #ours = new Set<string>();

  constructor(options: DialBudgetOptions) {
    const { isFree = () => false, limits = DIAL_LIMITS } = options;
    this.#options = { ...options, isFree, limits };
  }

  /** Reason not to dial an address now; `undefined` if it may be dialled. */
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
   * Whether a dial to an address that is not refused must wait, because the limit of failures would be
   * reached if all dials under way to it failed. At least one dial is under way then.
   */
  mustWait({ host, port }: HostPort): boolean {
    const dialled = this.#recent(host)?.get(port);
    if (!dialled || dialled.underWay === 0) return false;
    const { answeredMs, underWay } = dialled;
    const { failures, answeredForMs } = this.#options.limits;
    if (answeredMs !== undefined && this.#isWithin(answeredMs, answeredForMs)) return false;
    return this.#failures(dialled) + underWay >= failures;
  }

  /** Notes the start of a dial; {@linkcode answered} or {@linkcode failed} must follow. */
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

  /** Notes that a dial has reached a peer. */
  answered(address: HostPort): void {
    const dialled = this.#ended(address);
    if (dialled) dialled.answeredMs = this.#options.clock.now();
  }

  /** Notes that a dial has failed. */
  failed(address: HostPort): void {
    const dialled = this.#ended(address);
    if (!dialled) return;
    dialled.failedMs.push(this.#options.clock.now());
    if (dialled.failedMs.length > this.#options.limits.failures) dialled.failedMs.shift();
  }

  /** Notes that an address is our own. */
  learnOurs(address: HostPort): void {
    this.#ours.add(keyOf(address));
    if (this.#ours.size > MAX_OURS) this.#ours.delete(this.#ours.values().next().value!);
  }

  /** Counts a dial as ended and returns the history of its address. */
  #ended({ host, port }: HostPort): Dialled | undefined {
    const dialled = this.#hosts.get(host)?.get(port);
    if (dialled && dialled.underWay > 0) dialled.underWay--;
    return dialled;
  }

  #failures({ failedMs }: Dialled): number {
    const { failuresForMs } = this.#options.limits;
    return failedMs.filter((atMs) => this.#isWithin(atMs, failuresForMs)).length;
  }

  /** Number of addresses remembered. */
  get size(): number {
    return this.#hosts.size;
  }

  /** Ports of a host dialled within `portsForMs`; older ones are dropped. */
  #recent(host: string): Map<number, Dialled> | undefined {
    const ports = this.#hosts.get(host);
    for (const [port, { lastMs }] of ports ?? []) {
      if (!this.#isWithin(lastMs, this.#options.limits.portsForMs)) ports!.delete(port);
    }
    return ports;
  }

  /** Whether a time is less than `forMs` away, also if the clock was set back. */
  #isWithin(atMs: number, forMs: number): boolean {
    return Math.abs(this.#options.clock.now() - atMs) < forMs;
  }
}

/** Whether a host may belong to a local test network: loopback and private addresses. */
export function isTestHost(host: string): boolean {
  return isLocalAddress(host) || isLoopback(host);
}

function isLoopback(host: string): boolean {
  return host.startsWith("127.") || host === "::1";
}

function keyOf({ host, port }: HostPort): string {
  return `${host} ${port}`;
}
