/**
 * Looks up the host names of bootstrap nodes. Done here, in the main thread, so that the sandboxed
 * worker needs no name lookups at all.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { isIPv4 } from "node:net";
import { type Clock, delay, formatHostPort, type HostPort, type Timer } from "../base/mod.ts";

/** Bootstrap nodes as addresses, and the names that could not be looked up. */
export interface BootstrapAddresses {
  addresses: { host: string; port: number }[];
  failed: string[];
}

/** Pause before names are looked up again, and the longest that it grows to, milliseconds. */
const FIRST_PAUSE_MS = 15_000;
const LAST_PAUSE_MS = 10 * 60_000;
/** A name server that does not answer must not hold up the start, milliseconds. */
const LOOKUP_TIMEOUT_MS = 5_000;

/** Turns `HOST:PORT` into IPv4 addresses; a name may have several. */
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
 * The bootstrap nodes of a process that goes on. One that was started before the network was there
 * finds its way into the DHT all the same: names without an address are looked up again.
 */
export class BootstrapNodes {
  /** Those that had an address at the start. */
  readonly addresses: BootstrapAddresses["addresses"];
  readonly #nodes: readonly HostPort[];
  readonly #clock: Clock;
  readonly #resolve: typeof resolveBootstrap;
  readonly #failed: readonly string[];
  #pauseMs = FIRST_PAUSE_MS;
  #timer: Timer | undefined;
  #stopped = false;

  /** Looks all names up once. */
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

  /** Looks up again, with growing pauses (15 s to 10 min), until every name has an address. */
  keepLooking(onFound: (addresses: BootstrapAddresses["addresses"]) => Promise<void>): void {
    this.#lookLater(this.#failed, onFound);
  }

  /** No more lookups. */
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
      // The engine may have ended meanwhile; whoever owns it knows.
      if (found.failed.length < failed.length) await onFound(found.addresses).catch(() => {});
      this.#lookLater(found.failed, onFound);
    });
    this.#pauseMs = Math.min(this.#pauseMs * 2, LAST_PAUSE_MS);
  }
}
