/**
 * Sends a body to a web server with POST, over a connection of the gate, and reads the status. The answer's
 * body is not read, and redirects are not followed: the gate lets a webhook reach one server only.
 *
 * @module
 */

import { concatBytes, utf8, version } from "../base/mod.ts";
import { ResponseReader } from "./response.ts";
import { connectTo, type Reach, webUrl } from "./web_server.ts";

/** A request with the method POST. */
export interface PostOrder {
  url: string;
  /** Fields of the head, by their names. Values have no line breaks. */
  fields: Record<string, string>;
  body: Uint8Array;
}

/**
 * Sends a request, and returns the status of the answer when its head, at most 16 KiB, has been read.
 *
 * @param signal ends the request at any time
 * @throws {GateError} if the server cannot be reached, or its answer is not HTTP/1.1
 */
export async function requestPost(
  reach: Reach,
  { url, fields, body }: PostOrder,
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted();
  const target = webUrl(url);
  const connection = connectTo(reach, target, signal);
  try {
    const head = [
      `POST ${target.pathname}${target.search} HTTP/1.1`,
      `Host: ${target.host}`,
      `User-Agent: libreseed/${version}`,
      ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`),
      `Content-Length: ${body.length}`,
      "Connection: close",
      "\r\n",
    ].join("\r\n");
    connection.write(concatBytes(utf8(head), body));
    return (await new ResponseReader(connection).head()).status;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    connection.destroy();
  }
}
