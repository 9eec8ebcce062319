/**
 * Makes the first mappings: probes all protocols at once, and maps the port by the best protocol
 * that works.
 *
 * @module
 */

import { delay, parseAddress } from "../base/mod.ts";
import { RouterError } from "./errors.ts";
import { NatPmpClient } from "./nat_pmp_client.ts";
import { PcpClient } from "./pcp_client.ts";
import { PortControl, probePortControl } from "./port_control.ts";
import type { ClientContext, MappingClient } from "./protocol.ts";
import { familyOf, type Gateway } from "./transport.ts";
import { findUpnpRouter } from "./upnp_search.ts";

/** Head start of PCP and NAT-PMP before UPnP (ms), because their mappings are cheaper to renew. */
const UPNP_HEAD_START_MS = 1_000;

/** Outcome of one protocol's search for the router. */
interface Found {
  client?: MappingClient;
  error?: unknown;
}

/**
 * Searches for the router by all protocols, and tries each client until one maps the port.
 *
 * @param tryClient maps the port by a client; if it throws, the client has been closed
 * @throws the first client's error, or {@linkcode RouterError} `NO_ROUTER`
 */
export async function establish<T>(
  context: ClientContext,
  gateway: Gateway | undefined,
  tryClient: (client: MappingClient) => Promise<T>,
  outer: AbortSignal,
): Promise<T> {
  const ending = new AbortController();
  const signal = AbortSignal.any([outer, ending.signal]);
  const portControl = outcomeOf(openPortControl(context, gateway, signal));
  const upnp = outcomeOf(findUpnpRouter(context, gateway, signal));
  const pending = new Set([portControl, upnp]);
  let failure: unknown;
  try {
    await Promise.race([portControl, delay(context.clock, UPNP_HEAD_START_MS, signal)]);
    for (;;) {
      outer.throwIfAborted();
      const [found, from] = await Promise.race(
        [...pending].map((one) => one.then((found) => [found, one] as const)),
      );
      pending.delete(from);
      try {
        if (found.error) throw found.error;
        if (found.client) return await tryClient(found.client);
      } catch (error) {
        outer.throwIfAborted();
        failure ??= error;
        // A PCP server refuses a port whose mapping has another nonce than ours, such as that of a
        // home whose state.db was lost. Most PCP servers also speak NAT-PMP, which has no nonces.
        if (found.client?.protocol === "PCP" && familyOf(gateway!) === 4) {
          pending.add(outcomeOf(openNatPmp(context, gateway!)));
        }
      }
      if (pending.size === 0) break;
    }
  } finally {
    ending.abort();
    // Close clients that were found too late.
    for (const one of pending) one.then(({ client }) => client?.close());
  }
  throw failure ?? new RouterError(
    "NO_ROUTER",
    gateway && familyOf(gateway) === 6
      ? "No router answered by PCP or UPnP over IPv6; switch one of them on in the router, or let the port in there"
      : "No router answered by PCP, NAT-PMP or UPnP; switch one of them on in the router, or forward the port there",
  );
}

async function outcomeOf(finding: Promise<MappingClient | undefined>): Promise<Found> {
  try {
    return { client: await finding };
  } catch (error) {
    return { error };
  }
}

async function openPortControl(
  context: ClientContext,
  gateway: Gateway | undefined,
  signal: AbortSignal,
): Promise<MappingClient | undefined> {
  if (!gateway) return;
  const control = await PortControl.open(context, gateway);
  try {
    const protocol = await probePortControl(context, gateway, control, signal);
    if (protocol === "PCP") {
      return new PcpClient(context, control, parseAddress(gateway.localAddress!)!);
    }
    if (protocol === "NAT-PMP") return new NatPmpClient(context, control);
  } catch (error) {
    control.close();
    throw error;
  }
  control.close();
}

async function openNatPmp(context: ClientContext, gateway: Gateway): Promise<MappingClient> {
  return new NatPmpClient(context, await PortControl.open(context, gateway));
}
