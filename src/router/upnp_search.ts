/**
 * Finds a UPnP router: searches by SSDP, reads the descriptions of the devices that answer, and
 * takes the first service that has an external address or, for IPv6, a firewall that opens pinholes.
 *
 * @module
 */

import { delay, isLocalAddress, utf8 } from "../base/mod.ts";
import { findServices } from "./description.ts";
import { badAnswer, RouterError } from "./errors.ts";
import { request } from "./http.ts";
import { PinholeClient } from "./pinhole_client.ts";
import type { ClientContext, MappingClient } from "./protocol.ts";
import { type Location, parseSearchAnswer, SEARCH_TARGETS, searchRequest } from "./ssdp.ts";
import { familyOf, type Gateway } from "./transport.ts";
import { UpnpClient } from "./upnp_client.ts";
import { readXml } from "./xml.ts";

/** Pauses after each search (ms). The last pause is the time limit for late answers. */
const SEARCH_PAUSES_MS: readonly number[] = [1_000, 2_000, 4_000];
/** Maximum number of descriptions that are read. */
const MAX_DESCRIPTIONS = 8;

/**
 * Finds a UPnP router. If the gateway is known, only its own answers count.
 *
 * @returns `undefined` if no router answers
 * @throws {RouterError} if routers answered, but none of them can be used
 */
export async function findUpnpRouter(
  context: ClientContext,
  gateway: Gateway | undefined,
  signal: AbortSignal,
): Promise<MappingClient | undefined> {
  const family = gateway ? familyOf(gateway) : 4;
  const waiting: Location[] = [];
  const seen = new Set<string>();
  let failure: unknown;
  let wake = () => {};
  let isOver = false;
  const socket = await context.transport.openSsdp(gateway, (bytes, { address }) => {
    const isOfRouter = gateway ? address === gateway.address : isLocalAddress(address);
    if (family === 4 && !isOfRouter) return;
    const location = parseSearchAnswer(bytes, address, gateway);
    const key = JSON.stringify(location);
    if (!location || seen.has(key) || seen.size >= MAX_DESCRIPTIONS) return;
    seen.add(key);
    waiting.push(location);
    wake();
  });
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  const searching = (async () => {
    for (const pauseMs of SEARCH_PAUSES_MS) {
      for (const target of SEARCH_TARGETS[family]) {
        socket.send(utf8(searchRequest(target, family)));
      }
      await delay(context.clock, pauseMs, either);
    }
  })().catch(() => {}).finally(() => {
    isOver = true;
    wake();
  });
  try {
    for (;;) {
      const woken = new Promise<void>((resolve) => wake = resolve);
      const location = waiting.shift();
      if (location) {
        try {
          return await openRouter(context, location, gateway, signal);
        } catch (error) {
          if (signal.aborted) throw error;
          failure = error;
        }
      } else if (isOver) break;
      else await woken;
    }
  } finally {
    ending.abort();
    socket.close();
    await searching;
  }
  signal.throwIfAborted();
  if (failure) throw failure;
}

/** Reads a description, and returns a client of its first service that can be used. */
async function openRouter(
  context: ClientContext,
  location: Location,
  gateway: Gateway | undefined,
  signal: AbortSignal,
): Promise<MappingClient> {
  const { path } = location;
  const { status, body } = await request(context, { method: "GET", to: location, path }, signal);
  if (status !== 200) throw badAnswer(`its description has the HTTP status ${status}`);
  const family = gateway ? familyOf(gateway) : 4;
  const services = findServices(readXml(body), location, family);
  if (services.length === 0) {
    throw badAnswer(`its description has no service that opens ports of IPv${family}`);
  }
  let failure: unknown;
  for (const service of services) {
    try {
      if (family === 6) {
        const client = new PinholeClient(context, service, gateway!.localAddress!);
        await client.isFiltering(signal);
        return client;
      }
      const client = new UpnpClient(context, service);
      await client.externalAddress(signal);
      return client;
    } catch (error) {
      if (!(error instanceof RouterError)) throw error;
      failure ??= error;
    }
  }
  throw failure;
}
