/**
 * Limits which peer addresses are dialled, and how often. Attackers can put addresses into the DHT,
 * a magnet link or a peer exchange (BEP 11). Without limits they could make us connect to a mail
 * server, scan the ports of a machine, or dial one address without end. So the budget allows only
 * ports that peers use, few ports of one address, no address that keeps failing, and never
 * ourselves. For IPv6, the addresses of one /64 network count together, because one machine may use
 * all of them.
 *
 * @module
 */

import {
  type Clock,
  type HostPort,
  isLocalAddress,
  isLoopback,
  isPeerPort,
  isPublic,
  machineOf,
  parseAddress,
} from "../../base/mod.ts";
import { keyOf } from "./address_key.ts";

/** Limits of {@linkcode DialBudget} on dialled addresses. */
export interface DialLimits {
  /**
   * Maximum number of different ports of one IPv4 address, or of pairs of address and port in one /64
   * network of IPv6, that are dialled within `portsForMs`.
   */
  ports: number;
  portsForMs: number;
  /**
   * Maximum number of failed dials to one address and port within `failuresForMs`. Running dials
   * count as if they failed: a further dial waits while they could reach the maximum.
   */
  failures: number;
  failuresForMs: number;
  /**
   * Time after a successful dial during which a further dial to the same address and port need not
   * wait for running dials.
   */
  answeredForMs: number;
  /** Maximum number of machines whose dials are remembered (LRU). */
  remembered: number;
}

/**
 * Default limits.
 *
 * - 8 ports: peers behind one NAT have different ports.
 * - 6 failures: npm:webtorrent dials a restarting peer four times in 21 s, and again when the peer
 *   is found anew.
 * - 16,384 addresses: a torrent with 50 connections, which gives up each dial after five seconds,
 *   meets about 6,000 dead addresses in ten minutes.
 */
const DIAL_LIMITS: DialLimits = {
  ports: 8,
  portsForMs: 10 * 60_000,
  failures: 6,
  failuresForMs: 60_000,
  answeredForMs: 60_000,
  remembered: 16_384,
};

/** Maximum number of addresses remembered as our own (see {@linkcode DialBudget.learnOurs}). */
const MAX_OURS = 64;

/** Options of {@linkcode DialBudget}. */
export interface DialBudgetOptions {
  clock: Clock;
  /** Whether a host is exempt from the limits, as in a local test network. Default: no host is exempt. */
  isFree?: (host: string) => boolean;
  /** Returns the TCP port that we listen on. */
  ownPort: () => number;
  limits?: DialLimits;
}

/**
 * Reason why an address is not dialled. `no route` means that this machine has no IPv6 now, or that
 * the addresses to which we are bound do not lead there, and `waiting` that the queue of waiting
 * dials is full.
 */
export type DialRefusal =
  | "port"
  | "ourselves"
  | "ports of the address"
  | "failures"
  | "no route"
  | "name"
  | "waiting";

/** Dial history of one port of an address. */
interface Dialled {
  lastMs: number;
  /** Times of the latest failed dials to this address and port. */
  failedMs: number[];
  /** Number of running dials, which have neither been answered nor failed. */
  underWay: number;
  answeredMs?: number;
  /** Time when failed dials were forgotten. */
  forgivenMs?: number;
}

/** Records dials by address and port, and decides by the limits which addresses may be dialled. */
export class DialBudget {
  readonly #options: Required<DialBudgetOptions>;
  /**
   * For each machine: its dialled addresses and ports, at most `ports` of them. The least recently
   * dialled machine is first.
   */
  readonly #hosts = new Map<string, Map<string, Dialled>>();
  /** Addresses that turned out to be our own, because dialling them led back to us. */
  readonly #ours = new Set<string>();

  constructor(options: DialBudgetOptions) {
    const { isFree = () => false, limits = DIAL_LIMITS } = options;
    this.#options = { ...options, isFree, limits };
  }

  /** Returns the reason not to dial an address now; `undefined` if it may be dialled. */
  refusal({ host, port }: HostPort): DialRefusal | undefined {
    const { isFree, ownPort, limits } = this.#options;
    const isOwn = port === ownPort() && isHere(host);
    if (isOwn || this.#ours.has(keyOf({ host, port }))) return "ourselves";
    if (isFree(host)) return undefined;
    if (!isPeerPort(port)) return "port";
    const ports = this.#recent(host);
    const dialled = ports?.get(keyOf({ host, port }));
    if (!dialled) return ports && ports.size >= limits.ports ? "ports of the address" : undefined;
    return this.#failures(dialled) >= limits.failures ? "failures" : undefined;
  }

  /**
   * Whether a dial to an allowed address must wait for the running dials to the same address to
   * end. It must if the maximum of failures would be reached when all of them failed.
   */
  mustWait({ host, port }: HostPort): boolean {
    const dialled = this.#recent(host)?.get(keyOf({ host, port }));
    if (!dialled || dialled.underWay === 0) return false;
    const { answeredMs, underWay } = dialled;
    const { failures, answeredForMs } = this.#options.limits;
    if (answeredMs !== undefined && this.#isWithin(answeredMs, answeredForMs)) return false;
    return this.#failures(dialled) + underWay >= failures;
  }

  /**
   * Records the start of a dial. A call of {@linkcode answered} or {@linkcode failed} must follow.
   */
  dialled({ host, port }: HostPort): void {
    const { isFree, clock, limits } = this.#options;
    if (isFree(host)) return;
    const ports = this.#recent(host) ?? new Map<string, Dialled>();
    const machine = machineOf(host);
    this.#hosts.delete(machine);
    this.#hosts.set(machine, ports);
    const key = keyOf({ host, port });
    const before = ports.get(key);
    const { failedMs = [], underWay = 0 } = before ?? {};
    ports.set(key, { ...before, lastMs: clock.now(), failedMs, underWay: underWay + 1 });
    if (this.#hosts.size > limits.remembered) this.#hosts.delete(this.#hosts.keys().next().value!);
  }

  /** Records that a dial has ended, because it has reached a peer. */
  answered(address: HostPort): void {
    const dialled = this.#ended(address);
    if (dialled) dialled.answeredMs = this.#options.clock.now();
  }

  /** Records that a dial has failed. */
  failed(address: HostPort): void {
    const dialled = this.#ended(address);
    if (!dialled) return;
    dialled.failedMs.push(this.#options.clock.now());
    if (dialled.failedMs.length > this.#options.limits.failures) dialled.failedMs.shift();
  }

  /**
   * Forgets the failed dials to an address, so that it may be dialled at once. Does so once within
   * `failuresForMs`, because any peer may ask for it, for the address of a victim too.
   */
  forgiveFailures(address: HostPort): void {
    const { clock, limits } = this.#options;
    const dialled = this.#recent(address.host)?.get(keyOf(address));
    if (!dialled || dialled.failedMs.length === 0) return;
    const { forgivenMs } = dialled;
    if (forgivenMs !== undefined && this.#isWithin(forgivenMs, limits.failuresForMs)) return;
    dialled.forgivenMs = clock.now();
    dialled.failedMs = [];
  }

  /** Whether a host's machine was dialled lately, at any port. */
  hasDialled(host: string): boolean {
    return (this.#recent(host)?.size ?? 0) > 0;
  }

  /** Records that an address is our own, so that it is not dialled again. */
  learnOurs(address: HostPort): void {
    this.#ours.add(keyOf(address));
    if (this.#ours.size > MAX_OURS) this.#ours.delete(this.#ours.values().next().value!);
  }

  /** Records the end of a dial, and returns the dial history of its address and port. */
  #ended({ host, port }: HostPort): Dialled | undefined {
    const dialled = this.#hosts.get(machineOf(host))?.get(keyOf({ host, port }));
    if (dialled && dialled.underWay > 0) dialled.underWay--;
    return dialled;
  }

  #failures({ failedMs }: Dialled): number {
    const { failuresForMs } = this.#options.limits;
    return failedMs.filter((atMs) => this.#isWithin(atMs, failuresForMs)).length;
  }

  /** Number of machines whose dials are remembered. */
  get size(): number {
    return this.#hosts.size;
  }

  /** Returns what was dialled on a host's machine within `portsForMs`. Drops what is older. */
  #recent(host: string): Map<string, Dialled> | undefined {
    const ports = this.#hosts.get(machineOf(host));
    for (const [key, { lastMs }] of ports ?? []) {
      if (!this.#isWithin(lastMs, this.#options.limits.portsForMs)) ports!.delete(key);
    }
    return ports;
  }

  /**
   * Whether a time is less than `forMs` milliseconds ago, or less than `forMs` milliseconds in the
   * future, which occurs after the clock was set back.
   */
  #isWithin(atMs: number, forMs: number): boolean {
    return Math.abs(this.#options.clock.now() - atMs) < forMs;
  }
}

/** Whether a host may belong to a local test network: its address is loopback or private. */
export function isTestHost(host: string): boolean {
  return isLocalAddress(host) || isHere(host);
}

/** Returns a function that says whether a host may be dialled: one on the internet, or a free one. */
export function mayDialOf(
  { isFreeHost = isTestHost }: { isFreeHost?: (host: string) => boolean },
): (host: string) => boolean {
  return (host) => {
    const address = parseAddress(host);
    return address !== undefined && (isPublic(address) || isFreeHost(host));
  };
}

function isHere(host: string): boolean {
  const address = parseAddress(host);
  return address !== undefined && isLoopback(address);
}
