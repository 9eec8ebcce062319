/**
 * The daemon's HTTP page for monitoring: `/healthz`, `/readyz` and `/metrics`. Reads only; whatever
 * changes something goes through the control socket.
 *
 * @module
 */

import { type Clock, formatHostPort, type HostPort } from "../base/mod.ts";
import { DaemonError } from "./errors.ts";
import { renderMetrics } from "./metrics.ts";
import type { Operations } from "./operations.ts";
import { serverLost, SteadyServer } from "./steady_server.ts";

/** A page that is being served. */
export interface HttpPage {
  /** Where it listens; the port is the bound one. */
  address: HostPort;
  close(): Promise<void>;
}

/**
 * Serves the page at `address`.
 *
 * @param onFailure called with `SERVER_LOST` if it fails later and cannot be served again
 * @throws {DaemonError} `HTTP_ADDRESS_IN_USE` (kind `in-use`)
 */
export function serveHttpPage(
  address: HostPort,
  operations: Pick<Operations, "status" | "records">,
  clock: Clock,
  onFailure: (error: DaemonError) => void,
): HttpPage {
  let bound = address;
  const serve = () =>
    Deno.serve({
      hostname: bound.host,
      port: bound.port,
      onListen: () => {},
      onError: (error) => new Response(`${(error as Error).message}\n`, { status: 500 }),
    }, (request) => respond(request, operations, clock));
  let server: SteadyServer<Deno.HttpServer<Deno.NetAddr>>;
  try {
    server = new SteadyServer(
      serve(),
      serve,
      clock,
      (error) => onFailure(serverLost(formatHostPort(bound), error)),
    );
  } catch (cause) {
    const taken = cause instanceof Deno.errors.AddrInUse;
    throw new DaemonError(
      taken ? "in-use" : "failed",
      taken ? "HTTP_ADDRESS_IN_USE" : "HTTP_FAILED",
      taken
        ? `${formatHostPort(address)} is taken by another program; give --http another address`
        : `The HTTP page cannot listen at ${formatHostPort(address)}: ${(cause as Error).message}`,
      { cause },
    );
  }
  bound = { host: server.current.addr.hostname, port: server.current.addr.port };
  return { address: bound, close: () => server.stop() };
}

async function respond(
  request: Request,
  operations: Pick<Operations, "status" | "records">,
  clock: Clock,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method !== "GET" && request.method !== "HEAD") {
    return text("Only GET here; changes go through the control socket", 405);
  }
  if (pathname === "/metrics") {
    const [status, records] = await Promise.all([operations.status(), operations.records()]);
    const body = await renderMetrics({ status, records, nowMs: clock.now() });
    return new Response(body, { headers: { "content-type": "text/plain; version=0.0.4" } });
  }
  if (pathname !== "/healthz" && pathname !== "/readyz") return text("not found", 404);
  const { dht, dhtNodes } = await operations.status();
  // Without the DHT nobody finds us anew; without nodes we find nobody.
  const problem = dht.state === "off"
    ? `the DHT is off: ${dht.why}`
    : dht.state === "starting"
    ? "the DHT is starting"
    : pathname === "/readyz" && dhtNodes === 0
    ? "no DHT node is known yet"
    : pathname === "/readyz" && dht.silent
    ? "no DHT node answers"
    : undefined;
  return problem === undefined ? text("ok", 200) : text(problem, 503);
}

function text(body: string, status: number): Response {
  return new Response(`${body}\n`, { status, headers: { "content-type": "text/plain" } });
}
