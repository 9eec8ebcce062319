/**
 * Finds a UPnP router: searches by SSDP, reads the descriptions of the devices that answer, and
 * takes the first service that has an external address.
 *
 * @module
 */

import { delay, isLocalAddress, utf8 } from "../base/mod.ts";
import { findServices } from "./description.ts";
import { badAnswer, RouterError } from "./errors.ts";
import { request } from "./http.ts";
import type { ClientContext } from "./protocol.ts";
import { type Location, parseSearchAnswer, SEARCH_TARGETS, searchRequest } from "./ssdp.ts";
import type { Gateway } from "./transport.ts";
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
): Promise<UpnpClient | undefined> {
  const waiting: Location[] = [];
  const seen = new Set<string>();
  let failure: unknown;
  let wake = () => {};
  let isOver = false;
  const socket = await context.transport.openSsdp(gateway, (bytes, { address }) => {
    if (gateway ? address !== gateway.address : !isLocalAddress(address)) return;
    const location = parseSearchAnswer(bytes, address);
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
      for (const target of SEARCH_TARGETS) socket.send(utf8(searchRequest(target)));
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
          return await openRouter(context, location, signal);
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
  signal: AbortSignal,
): Promise<UpnpClient> {
  const { path } = location;
  const { status, body } = await request(context, { method: "GET", to: location, path }, signal);
  if (status !== 200) throw badAnswer(`its description has the HTTP status ${status}`);
  const services = findServices(readXml(body), location);
  if (services.length === 0) throw badAnswer("its description has no service that maps ports");
  let failure: unknown;
  for (const service of services) {
    const client = new UpnpClient(context, service);
    try {
      await client.externalAddress(signal);
      return client;
    } catch (error) {
      if (!(error instanceof RouterError)) throw error;
      failure ??= error;
    }
  }
  throw failure;
}
