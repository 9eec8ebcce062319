/**
 * Looks up the host names of bootstrap nodes in the main thread, so that the sandboxed worker needs no
 * name lookups.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { isIPv4 } from "node:net";
import { type Clock, delay, formatHostPort, type HostPort, type Timer } from "../base/mod.ts";

/** Addresses of bootstrap nodes, and the names without an address. */
export interface BootstrapAddresses {
  addresses: { host: string; port: number }[];
  failed: string[];
}

/** Back-off before names are looked up again: first and longest pause (ms). */
const FIRST_PAUSE_MS = 15_000;
const LAST_PAUSE_MS = 10 * 60_000;
/** Time limit for name lookups, so that a silent name server does not delay the start (ms). */
const LOOKUP_TIMEOUT_MS = 5_000;

/** Resolves `HOST:PORT` texts to IPv4 addresses; one name may have several. */
export async function resolveBootstrap(
  nodes: readonly HostPort[],
  clock: Clock,
): Promise<BootstrapAddresses> {
  const found: BootstrapAddresses = { addresses: [], failed: [] };
  await Promise.all(nodes.map(async (node) => {
    const { host, port } = node;
    if (isIPv4(host)) return found.addresses.push({ host, port });
    try {
      for (const { address } of await withDeadline(lookup(host, { all: true, family: 4 }), clock)) {
        found.addresses.push({ host: address, port });
      }
    } catch {
      found.failed.push(formatHostPort(node));
    }
  }));
  return found;
}

async function withDeadline<T>(work: Promise<T>, clock: Clock): Promise<T> {
  const done = new AbortController();
  const late = delay(clock, LOOKUP_TIMEOUT_MS, done.signal).then(() => {
    throw new Error("no answer");
  });
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}

/**
 * The bootstrap nodes of a running host. Names without an address are looked up again, so that a host
 * that started before the network was up still joins the DHT.
 */
export class BootstrapNodes {
  /** Addresses found at the start. */
  readonly addresses: BootstrapAddresses["addresses"];
  readonly #nodes: readonly HostPort[];
  readonly #clock: Clock;
  readonly #resolve: typeof resolveBootstrap;
  readonly #failed: readonly string[];
  #pauseMs = FIRST_PAUSE_MS;
  #timer: Timer | undefined;
  #stopped = false;

  /** Looks up all names once. */
  static async lookUp(
    nodes: readonly HostPort[],
    clock: Clock,
    onWarning: (message: string) => void,
    resolve = resolveBootstrap,
  ): Promise<BootstrapNodes> {
    const found = await resolve(nodes, clock);
    if (found.failed.length > 0) {
      onWarning(`no address found for the bootstrap nodes ${found.failed.join(", ")}`);
    }
    return new BootstrapNodes(nodes, clock, resolve, found);
  }

  private constructor(
    nodes: readonly HostPort[],
    clock: Clock,
    resolve: typeof resolveBootstrap,
    found: BootstrapAddresses,
  ) {
    this.#nodes = nodes;
    this.#clock = clock;
    this.#resolve = resolve;
    this.addresses = found.addresses;
    this.#failed = found.failed;
  }

  /** Repeats the lookups with back-off (15 s to 10 min) until every name has an address. */
  keepLooking(onFound: (addresses: BootstrapAddresses["addresses"]) => Promise<void>): void {
    this.#lookLater(this.#failed, onFound);
  }

  /** Stops the lookups. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #lookLater(
    failed: readonly string[],
    onFound: (addresses: BootstrapAddresses["addresses"]) => Promise<void>,
  ): void {
    if (failed.length === 0 || this.#stopped) return;
    this.#timer = this.#clock.after(this.#pauseMs, async () => {
      const found = await this.#resolve(this.#nodes, this.#clock);
      if (this.#stopped) return;
      // The engine may have ended meanwhile; its owner reports that.
      if (found.failed.length < failed.length) await onFound(found.addresses).catch(() => {});
      this.#lookLater(found.failed, onFound);
    });
    this.#pauseMs = Math.min(this.#pauseMs * 2, LAST_PAUSE_MS);
  }
}
