/**
 * Looks up the host names of bootstrap nodes. Done here, in the main thread, so that the sandboxed
 * worker needs no name lookups at all.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { isIPv4 } from "node:net";
import { type Clock, delay } from "../base/mod.ts";
import { formatHostPort, type HostPort } from "../config/mod.ts";

/** Bootstrap nodes as addresses, and the names that could not be looked up. */
export interface BootstrapAddresses {
  addresses: { host: string; port: number }[];
  failed: string[];
}

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
