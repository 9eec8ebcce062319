/**
 * Sends one HTTP/1.1 request (RFC 9112) to the router over a connection that is handed in. Follows
 * no redirects. Keeps only the status and a bounded body of the answer.
 *
 * @module
 */

import {
  concatBytes,
  delay,
  formatHostPort,
  parseChunkLine,
  parseHttpHead,
  utf8,
  version,
} from "../base/mod.ts";
import { badAnswer, RouterError } from "./errors.ts";
import type { ClientContext } from "./protocol.ts";
import type { Endpoint, RouterConnection } from "./transport.ts";
import { MAX_XML_BYTES } from "./xml.ts";

/** Time limit for one request (ms). Some routers ask their modem first. */
const HTTP_TIMEOUT_MS = 10_000;
/** Maximum length of an answer's head, and of the whole answer, bytes. */
const MAX_HEAD_BYTES = 8 * 1024;
const MAX_ANSWER_BYTES = MAX_HEAD_BYTES + 2 * MAX_XML_BYTES;
/** Maximum number of reads for one answer, because each read parses the answer again. */
const MAX_PARTS = 8_192;

/** A request. */
export interface HttpRequest {
  method: "GET" | "POST";
  to: Endpoint;
  /** Path with its query, as in a request line. */
  path: string;
  fields?: Readonly<Record<string, string>>;
  body?: string;
}

/** An answer. */
export interface HttpAnswer {
  status: number;
  body: Uint8Array;
  /** Address of this machine on the connection. */
  localAddress: string;
}

/**
 * Sends a request and reads the whole answer.
 *
 * @throws {RouterError} `ROUTER_SILENT` or `ROUTER_ANSWER`
 */
export async function request(
  { clock, transport }: ClientContext,
  order: HttpRequest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  signal.throwIfAborted();
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  let connection: RouterConnection | undefined;
  const work = async () => {
    connection = await transport.connect(order.to, either);
    if (either.aborted) throw either.reason;
    await connection.write(utf8(encoded(order)));
    return { ...await readAnswer(connection), localAddress: connection.localAddress };
  };
  const working = work();
  working.catch(() => {});
  const late = delay(clock, HTTP_TIMEOUT_MS, either).then(() => {
    throw new RouterError("ROUTER_SILENT", "The router did not answer in time by HTTP");
  });
  try {
    return await Promise.race([working, late]);
  } catch (error) {
    if (error instanceof RouterError || signal.aborted) throw error;
    const { message } = error as Error;
    throw new RouterError("ROUTER_SILENT", `No answer came from the router by HTTP: ${message}`);
  } finally {
    ending.abort();
    late.catch(() => {});
    working.catch(() => {}).then(() => connection?.close());
    connection?.close();
  }
}

function encoded({ method, to, path, fields = {}, body = "" }: HttpRequest): string {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${formatHostPort({ host: to.address, port: to.port })}`,
    `User-Agent: libreseed/${version} UPnP/1.1`,
    ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`),
    "Accept-Encoding: identity",
    "Connection: close",
  ];
  if (method === "POST") lines.push(`Content-Length: ${utf8(body).length}`);
  return [...lines, "", body].join("\r\n");
}

/** Reads until the answer is complete, or the router ends the connection. */
async function readAnswer(
  connection: RouterConnection,
): Promise<{ status: number; body: Uint8Array }> {
  const buffer = new Uint8Array(MAX_ANSWER_BYTES);
  let length = 0;
  for (let parts = 0; parts < MAX_PARTS; parts++) {
    const part = await connection.read();
    if (part && part.length > buffer.length - length) break;
    buffer.set(part ?? [], length);
    length += part?.length ?? 0;
    const answer = parseHttp(buffer.subarray(0, length), !part);
    if (answer) return answer;
    if (!part) throw badAnswer("it ends too early");
  }
  throw badAnswer(`more than ${MAX_ANSWER_BYTES} bytes, or ${MAX_PARTS} parts, of HTTP`);
}

/**
 * Parses an answer. Interim answers (status 1xx) are skipped.
 *
 * @param isEnd whether the router has ended the connection
 * @returns `undefined` if bytes are missing
 * @throws {RouterError} `ROUTER_ANSWER`
 */
export function parseHttp(
  bytes: Uint8Array,
  isEnd: boolean,
): { status: number; body: Uint8Array } | undefined {
  const text = latin1(bytes.subarray(0, MAX_HEAD_BYTES));
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd === -1) {
    if (bytes.length >= MAX_HEAD_BYTES) throw badAnswer("its head is too long");
    return;
  }
  const { status, fields } = parseHttpHead(text.slice(0, headEnd), badAnswer);
  const rest = bytes.subarray(headEnd + 4);
  if (status < 200) return parseHttp(rest, isEnd);
  const body = bodyOf(rest, fields, isEnd);
  return body && { status, body };
}

function bodyOf(
  rest: Uint8Array,
  fields: Map<string, string>,
  isEnd: boolean,
): Uint8Array | undefined {
  const coding = fields.get("transfer-encoding")?.toLowerCase();
  if (coding === "chunked") return unchunked(rest);
  if (coding !== undefined && coding !== "identity") throw badAnswer(`it has the coding ${coding}`);
  const length = fields.get("content-length");
  if (length === undefined) return isEnd ? rest : undefined;
  if (!/^\d{1,9}$/.test(length)) throw badAnswer("its length is no number");
  if (Number(length) > MAX_ANSWER_BYTES) throw badAnswer(`a body of ${length} bytes`);
  return rest.length >= Number(length) ? rest.subarray(0, Number(length)) : undefined;
}

/** Joins the chunks (RFC 9112, section 7.1). Returns `undefined` if bytes are missing. */
function unchunked(bytes: Uint8Array): Uint8Array | undefined {
  const chunks: Uint8Array[] = [];
  for (let at = 0;;) {
    const line = latin1(bytes.subarray(at, at + 128));
    const lineEnd = line.indexOf("\r\n");
    if (lineEnd === -1) {
      if (line.length === 128) throw badAnswer("a chunk has no length");
      return;
    }
    const length = parseChunkLine(line.slice(0, lineEnd), badAnswer);
    if (length > MAX_ANSWER_BYTES) throw badAnswer(`a chunk of ${length} bytes`);
    if (length === 0) return concatBytes(...chunks);
    const begin = at + lineEnd + 2;
    at = begin + length + 2;
    if (bytes.length < at) return;
    if (bytes[at - 2] !== 13 || bytes[at - 1] !== 10) throw badAnswer("a chunk is too long");
    chunks.push(bytes.subarray(begin, begin + length));
  }
}

/** Returns text in which each byte is one character. */
function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
