/**
 * The daemon's HTTP server: the API (`/v1/…`), the page at `/`, and monitoring.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { type Clock, formatHostPort, type HostPort } from "../../base/mod.ts";
import type { Operations } from "../../control/mod.ts";
import { defaultArchiveLimits } from "../../package/mod.ts";
import { HostError } from "../errors.ts";
import { errorAnswer, type HttpAnswer, send, textAnswer } from "./answer.ts";
import { HttpApi, type HttpApiOptions } from "./api.ts";
import { HttpApiError } from "../../api/mod.ts";
import type { HttpConnection } from "./connection.ts";
import { bareHost, hostProblem } from "./host_header.ts";
import { type HttpLimits, httpLimits, HttpListener } from "./listener.ts";
import { Monitoring } from "./monitoring.ts";

/** A running HTTP server. */
export interface HttpPage {
  /** Address at which the server listens, with the actual port if port 0 was requested. */
  address: HostPort;
  close(): Promise<void>;
}

/** Options of {@linkcode serveHttpPage}. */
export interface PageOptions extends Partial<Omit<HttpApiOptions, "operations" | "clock">> {
  address: HostPort;
  /**
   * Host names and IP addresses that requests may have in the `Host` header, besides the address of the
   * listener.
   */
  hosts: readonly string[];
  operations: Pick<Operations, "status" | "records" | "dht" | "settings"> & Partial<Operations>;
  clock: Clock;
  limits?: HttpLimits;
  /** Listens at the address. Default: {@linkcode Deno.listen}. */
  listen?: (address: Deno.TcpListenOptions) => Deno.TcpListener;
}

/**
 * Starts the HTTP server.
 *
 * @throws {HostError} `HTTP_ADDRESS_IN_USE` (kind `in-use`); `HTTP_FAILED`
 */
export function serveHttpPage(options: PageOptions): HttpPage {
  const { address, clock, limits = httpLimits, listen = Deno.listen } = options;
  let listener: Deno.TcpListener;
  try {
    listener = listen({ hostname: address.host, port: address.port });
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
  const site = new Site(options);
  const server = new HttpListener(
    listener,
    (request, response, connection) => site.answer(request, response, connection),
    clock,
    limits,
  );
  const { hostname, port } = listener.addr as Deno.NetAddr;
  return { address: { host: hostname, port }, close: () => server.close() };
}

/** Answers requests: finds out for whom and for what each is. */
class Site {
  readonly #configured: readonly string[];
  readonly #monitoring: Monitoring;
  readonly #api: HttpApi;

  constructor(options: PageOptions) {
    const { address, hosts, operations, clock } = options;
    this.#configured = [address.host, ...hosts].map((host) => bareHost(host) ?? host);
    this.#monitoring = new Monitoring(operations, clock);
    this.#api = new HttpApi({
      token: () => Promise.reject(new Error("This program accepts no token")),
      archiveLimits: () => defaultArchiveLimits,
      ...options,
    });
  }

  async answer(
    request: IncomingMessage,
    response: ServerResponse,
    connection: HttpConnection,
  ): Promise<void> {
    const target = request.url ?? "/";
    const [, absolute, path, query] = /^(?:https?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?/i
      .exec(target)!;
    const isApi = /^\/v1(?:\/|$)/.test(path!);
    const refused = this.#refuseHost(request, target, connection, isApi);
    if (refused) return await send(request, response, connection, refused);
    if (isApi) {
      const host = absolute ?? request.headers.host ?? "";
      const parts = { path: path!, query: query ?? "", host };
      return await this.#api.answer(request, response, connection, parts);
    }
    const answer = await this.#other(request, path!)
      .catch((error: Error) => textAnswer(error.message, 500));
    await send(request, response, connection, answer);
  }

  #refuseHost(
    request: IncomingMessage,
    target: string,
    { localHost }: HttpConnection,
    isApi: boolean,
  ): HttpAnswer | undefined {
    const own = { localHost, configured: this.#configured };
    const problem = hostProblem(target, hostsOf(request), request.httpVersion, own);
    if (problem === undefined) return undefined;
    const text = problem === 400
      ? "The request names no host, or none that can be"
      : "This page does not answer under that name; the setting http-hosts adds names";
    if (!isApi) return textAnswer(text, problem);
    return { ...errorAnswer(new HttpApiError("API_HOST", text)), status: problem };
  }

  async #other(request: IncomingMessage, path: string): Promise<HttpAnswer> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      const answer = textAnswer("Only GET here; changes go to /v1/ or the control socket", 405);
      return { ...answer, headers: { ...answer.headers, allow: "GET, HEAD" } };
    }
    return await this.#monitoring.answer(path) ?? await file(request, path) ??
      textAnswer("not found", 404);
  }
}

/** Fields of the files of the page, which loads nothing from elsewhere and is in no other page. */
const fileHeaders: Readonly<Record<string, string>> = {
  // A browser asks again each time, and gets the file only if it has changed.
  "cache-control": "no-cache",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Returns a file of the page; `undefined` if it has none at the path. */
async function file(request: IncomingMessage, path: string): Promise<HttpAnswer | undefined> {
  // The files are loaded with the first request for one.
  const { assetOf } = await import("./assets.ts");
  const { "accept-encoding": accepted, "if-none-match": known } = request.headers;
  const asset = await assetOf(path, `${accepted ?? ""}`);
  if (!asset) return undefined;
  const { bytes, contentType, etag, encoding } = asset;
  const headers = { ...fileHeaders, etag, vary: "accept-encoding" };
  if (known?.split(",").some((one) => one.trim() === etag)) return { status: 304, headers };
  return {
    status: 200,
    headers: {
      ...headers,
      "content-type": contentType,
      ...(encoding && { "content-encoding": encoding }),
    },
    body: bytes,
  };
}

/** Returns the values of all `Host` headers. `request.headers` contains only the first of them. */
function hostsOf({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && /^host$/i.test(rawHeaders[i - 1]!));
}
