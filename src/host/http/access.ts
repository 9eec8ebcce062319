/**
 * Decides from the fields of a request whether it comes from this machine, and whether another web site
 * has made it. `token_check.ts` checks tokens; `host_header.ts` checks the name of the server.
 *
 * @module
 */

import type { IncomingHttpHeaders } from "node:http";
import { HttpApiError } from "../../api/mod.ts";
import { bareHost } from "./host_header.ts";

/** The parts of a request that tell where it comes from. */
export interface Origin {
  /** IP address of the client. */
  remoteHost: string;
  /** `HOST[:PORT]` that the request names. */
  host: string;
  headers: IncomingHttpHeaders;
  httpVersion: string;
}

/** Fields that proxies add. A request with one of them was made by somebody else than the client. */
const FORWARDED = new RegExp(
  "^(?:forwarded|via|x-forwarded(?:-.*)?|x-real-ip|x-original-.*|x-client-ip|x-cluster-client-ip|" +
    "true-client-ip|cf-connecting-ip)$",
);

/**
 * Whether a request comes from a program of this machine: from a loopback address, to a loopback name,
 * and not through a proxy. HTTP/1.0 counts as a proxy: only proxies speak it by default.
 */
export function isFromHere({ remoteHost, host, headers, httpVersion }: Origin): boolean {
  return isLoopback(bareHost(remoteHost)) && isLoopback(hostOf(host)) && httpVersion === "1.1" &&
    !Object.keys(headers).some((name) => FORWARDED.test(name));
}

/**
 * Throws for a request that a web page of another origin has made. Browsers send `Sec-Fetch-Site` with
 * each request, and `Origin` with each request that may change something.
 *
 * @throws {HttpApiError} `API_CROSS_SITE`
 */
export function refuseCrossSite({ host, headers }: Pick<Origin, "host" | "headers">): void {
  const { origin } = headers;
  const site = headers["sec-fetch-site"];
  const isForeign = site !== undefined && site !== "same-origin" && site !== "none";
  if (!isForeign && (origin === undefined || isOrigin(origin, host))) return;
  throw new HttpApiError(
    "API_CROSS_SITE",
    "A web page of another site has made this request, so it is refused. Pages use the API of the " +
      "daemon that serves them only",
  );
}

/** Whether an `Origin` is that of the host: its scheme depends on a proxy in front of the daemon. */
function isOrigin(origin: string, host: string): boolean {
  const match = /^(https?):\/\/([^/?#@]+)$/i.exec(origin);
  if (!match) return false;
  const port = match[1]!.toLowerCase() === "https" ? ":443" : ":80";
  const plain = (text: string) =>
    text.toLowerCase().endsWith(port)
      ? text.toLowerCase().slice(0, -port.length)
      : text.toLowerCase();
  return plain(match[2]!) === plain(host);
}

function hostOf(authority: string): string | undefined {
  return bareHost(authority.replace(/:\d*$/, ""));
}

function isLoopback(host: string | undefined): boolean {
  return host !== undefined &&
    (host === "localhost" || host.endsWith(".localhost") || host === "::1" ||
      /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host));
}
