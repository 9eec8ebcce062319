/**
 * Connections to web servers by their URLs, for ranges of files and for webhooks. The gate checks the
 * address, and does TLS.
 *
 * @module
 */

import type { Readable, Writable } from "node:stream";
import { GateError } from "./errors.ts";

/** Connects to a web server by name. */
export type Reach = (name: string, port: number, tls: boolean) => Readable & Writable;

/**
 * Connects to the server of a URL.
 *
 * @param signal ends the connection at any time
 */
export function connectTo(
  reach: Reach,
  url: URL,
  signal: AbortSignal | undefined,
): Readable & Writable {
  const isTls = url.protocol === "https:";
  const name = url.hostname.replace(/^\[|\]$/g, "");
  const connection = reach(name, Number(url.port || (isTls ? 443 : 80)), isTls);
  const onAbort = () => connection.destroy(signal!.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  connection.once("close", () => signal?.removeEventListener("abort", onAbort));
  // The reader throws the error too.
  connection.on("error", () => {});
  return connection;
}

/**
 * Parses the URL of a web server.
 *
 * @throws {GateError} `BAD_URL` if it is neither http nor https, or has credentials
 */
export function webUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url || !["http:", "https:"].includes(url.protocol) || url.username || url.password) {
    throw new GateError("BAD_URL", "A web server needs an http or https URL without credentials");
  }
  return url;
}
