/**
 * The daemon's HTTP page for monitoring: `/healthz`, `/readyz` and `/metrics`. Requests cannot change
 * anything; the control socket is for changes.
 *
 * @module
 */

import type { IncomingMessage } from "node:http";
import { type Clock, formatHostPort, type HostPort, utf8 } from "../../base/mod.ts";
import { type Operations } from "../../control/mod.ts";
import { describeReachability } from "../../reachability/mod.ts";
import { HostError } from "../errors.ts";
import { DiskUse } from "../seeding/mod.ts";
import { bareHost, hostProblem, type OwnNames } from "./host_header.ts";
import { type HttpLimits, httpLimits, HttpListener } from "./listener.ts";
import { renderMetrics } from "./metrics.ts";

/** A running HTTP server for the monitoring page. */
export interface HttpPage {
  /** Address at which the server listens, with the actual port if port 0 was requested. */
  address: HostPort;
  close(): Promise<void>;
}

/** Options of {@linkcode serveHttpPage}. */
export interface PageOptions {
  address: HostPort;
  /**
   * Host names and IP addresses that requests may have in the `Host` header, besides the address of the
   * listener.
   */
  hosts: readonly string[];
  operations: Pick<Operations, "status" | "records">;
  clock: Clock;
  limits?: HttpLimits;
}

/**
 * Starts the HTTP server of the monitoring page.
 *
 * @throws {HostError} `HTTP_ADDRESS_IN_USE` (kind `in-use`); `HTTP_FAILED`
 */
export function serveHttpPage(options: PageOptions): HttpPage {
  const { address, hosts, clock, limits = httpLimits } = options;
  const known = { ...options, diskUse: new DiskUse(clock) };
  const configured = [address.host, ...hosts].map((host) => bareHost(host) ?? host);
  let listener: Deno.TcpListener;
  try {
    listener = Deno.listen({ hostname: address.host, port: address.port });
  } catch (cause) {
    const taken = cause instanceof Deno.errors.AddrInUse;
    throw new HostError(
      taken ? "in-use" : "failed",
      taken ? "HTTP_ADDRESS_IN_USE" : "HTTP_FAILED",
      taken
        ? `${formatHostPort(address)} is taken by another program; give --http another address`
        : `The HTTP page cannot listen at ${formatHostPort(address)}: ${(cause as Error).message}`,
      { cause },
    );
  }
  const server = new HttpListener(
    listener,
    async (request, response, localHost) => {
      const { body, status, headers } = await respond(request, { localHost, configured }, known)
        .catch((error: Error) => text(error.message, 500));
      response.writeHead(status, { ...headers, "content-length": utf8(body).length });
      response.end(request.method === "HEAD" ? undefined : body);
    },
    clock,
    limits,
  );
  const { hostname, port } = listener.addr as Deno.NetAddr;
  return { address: { host: hostname, port }, close: () => server.close() };
}

interface PageAnswer {
  status: number;
  body: string;
  headers: Record<string, string>;
}

async function respond(
  request: IncomingMessage,
  own: OwnNames,
  { operations, clock, diskUse }: Pick<PageOptions, "operations" | "clock"> & { diskUse: DiskUse },
): Promise<PageAnswer> {
  const target = request.url ?? "/";
  const problem = hostProblem(target, hostsOf(request), request.httpVersion, own);
  if (problem === 400) return text("The request names no host, or none that can be", 400);
  if (problem === 421) {
    return text(
      "This page does not answer under that name; the setting http-hosts adds names",
      421,
    );
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return {
      ...text("Only GET here; changes go through the control socket", 405),
      headers: { ...plain, allow: "GET, HEAD" },
    };
  }
  const path = target.replace(/^https?:\/\/[^/?#]*/i, "").replace(/[?#].*$/, "");
  if (path === "/metrics") {
    const [status, records] = await Promise.all([operations.status(), operations.records()]);
    const diskBytes = await diskUse.bytesOf(status.seedDirectory);
    const body = await renderMetrics({ status, records, diskBytes, nowMs: clock.now() });
    return { status: 200, body, headers: { "content-type": "text/plain; version=0.0.4" } };
  }
  if (path !== "/healthz" && path !== "/readyz") return text("not found", 404);
  const { dht, dhtNodes, dht6, reachability } = await operations.status();
  // `/healthz` and `/readyz` fail while the DHT is off or starting, because peers cannot find this daemon
  // then. `/readyz` also fails while no DHT node is known or no known node answers, because this daemon
  // cannot find peers then.
  const trouble = dht.state === "off"
    ? `the DHT is off: ${dht.why}`
    : dht.state === "starting"
    ? "the DHT is starting"
    : path === "/readyz" && dhtNodes + (dht6?.nodes ?? 0) === 0
    ? "no DHT node is known yet"
    : path === "/readyz" && dht.silent
    ? "no DHT node answers"
    : undefined;
  if (trouble !== undefined) return text(trouble, 503);
  if (path === "/healthz") return text("ok", 200);
  const { what, mend } = describeReachability(reachability);
  // A daemon that cannot be reached is ready all the same, because a restart would not help.
  const advice = mend === undefined ? "" : `; ${mend}`;
  return text(`ok\nreachable: ${reachability.reachable}: ${what}${advice}`, 200);
}

const plain = { "content-type": "text/plain" };

function text(body: string, status: number): PageAnswer {
  return { status, body: `${body}\n`, headers: plain };
}

/** Returns the values of all `Host` headers. `request.headers` contains only the first of them. */
function hostsOf({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && /^host$/i.test(rawHeaders[i - 1]!));
}
