/**
 * Resolves the host names of bootstrap nodes in the command's thread, because the sandboxed worker
 * may not use DNS.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { type Clock, delay, formatHostPort, type HostPort, type Timer } from "../base/mod.ts";

/**
 * Result of resolving bootstrap nodes: the found addresses, and the host names without an address
 * in DNS.
 */
export interface BootstrapAddresses {
  addresses: { host: string; port: number }[];
  failed: string[];
}

/**
 * First and longest pause between repeated DNS lookups (ms). Each pause is twice as long as the
 * pause before.
 */
const FIRST_PAUSE_MS = 15_000;
const LAST_PAUSE_MS = 10 * 60_000;
/**
 * Time limit for the DNS lookups (ms), so that an unresponsive DNS server does not delay the start.
 */
const LOOKUP_TIMEOUT_MS = 5_000;

/**
 * Resolves the `HOST:PORT` of bootstrap nodes to addresses of IPv4 and IPv6. A host name may have
 * several addresses.
 */
export async function resolveBootstrap(
  nodes: readonly HostPort[],
  clock: Clock,
): Promise<BootstrapAddresses> {
  const found: BootstrapAddresses = { addresses: [], failed: [] };
  await Promise.all(nodes.map(async (node) => {
    const { host, port } = node;
    if (isIP(host) !== 0) return found.addresses.push({ host, port });
    try {
      for (const { address } of await withDeadline(lookup(host, { all: true }), clock)) {
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
 * Bootstrap nodes of a running host. DNS lookups of names without an address are repeated, so that
 * a host that started before the network was up can still join the DHT.
 */
export class BootstrapNodes {
  /** Addresses of bootstrap nodes, as resolved when the host started. */
  readonly addresses: BootstrapAddresses["addresses"];
  readonly #nodes: readonly HostPort[];
  readonly #clock: Clock;
  readonly #resolve: typeof resolveBootstrap;
  readonly #failed: readonly string[];
  #pauseMs = FIRST_PAUSE_MS;
  #timer: Timer | undefined;
  #stopped = false;

  /** Resolves the bootstrap nodes once, and warns of host names without an address in DNS. */
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

  /**
   * Repeats the DNS lookups with back-off (15 s to 10 min) until every host name has an address.
   */
  keepLooking(onFound: (addresses: BootstrapAddresses["addresses"]) => Promise<void>): void {
    this.#lookLater(this.#failed, onFound);
  }

  /** Stops the repeated DNS lookups. */
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
      // Errors of `onFound` are ignored: the engine may have ended meanwhile. The owner of the engine
      // then reports the cause.
      if (found.failed.length < failed.length) await onFound(found.addresses).catch(() => {});
      this.#lookLater(found.failed, onFound);
    });
    this.#pauseMs = Math.min(this.#pauseMs * 2, LAST_PAUSE_MS);
  }
}
