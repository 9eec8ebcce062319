/**
 * Requests a range of a web seed's file (BEP 19) over connections of the gate. The gate checks the
 * address of each connection, also after a redirect. `response.ts` reads the answer.
 *
 * @module
 */

import type { Readable } from "node:stream";
import { version } from "../base/mod.ts";
import { GateError } from "./errors.ts";
import { type Extent, extentOf, type RangeOrder, ResponseReader } from "./response.ts";
import { connectTo, type Reach, webUrl } from "./web_server.ts";

export type { RangeOrder } from "./response.ts";

/** A range of a web seed's file. Its bytes are read from `body`, which throws if they end early. */
export interface FetchedRange extends Extent {
  body: AsyncIterable<Uint8Array>;
}

/** Maximum number of redirects that are followed. */
const MAX_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * Requests a range of a file, and returns when the head of the answer has been read.
 *
 * @param signal ends the transfer at any time
 * @throws {GateError} if the server may not be asked or does not answer with that range
 */
export async function requestRange(
  reach: Reach,
  order: RangeOrder,
  signal?: AbortSignal,
): Promise<FetchedRange> {
  let url = order.url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    signal?.throwIfAborted();
    const target = webUrl(url);
    const connection = connectTo(reach, target, signal);
    try {
      connection.write(requestOf(target, order));
      const reader = new ResponseReader(connection);
      const head = await reader.head();
      const location = head.fields.get("location");
      if (!REDIRECTS.includes(head.status) || location === undefined) {
        const extent = extentOf(head, order);
        const bytes = reader.body(head, extent, order.last - order.first + 1);
        return { ...extent, body: closedAfter(bytes, connection) };
      }
      url = URL.parse(location, target)?.href ?? location;
      connection.destroy();
    } catch (error) {
      connection.destroy();
      throw signal?.aborted ? signal.reason : error;
    }
  }
  throw new GateError("BAD_RESPONSE", `More than ${MAX_REDIRECTS} redirects follow each other`);
}

function requestOf({ pathname, search, host }: URL, { first, last }: RangeOrder): string {
  return [
    `GET ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    `User-Agent: libreseed/${version}`,
    `Range: bytes=${first}-${last}`,
    "Accept-Encoding: identity",
    "Connection: close",
    "\r\n",
  ].join("\r\n");
}

/** Passes bytes on. Closes the connection after the last byte, or when the reader stops. */
async function* closedAfter(
  bytes: AsyncIterable<Uint8Array>,
  connection: Readable,
): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } finally {
    connection.destroy();
  }
}
