/**
 * Sends answers: their fields, their length, and compressed if they are long.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { HttpApiError, statusOf } from "../../api/mod.ts";
import { errorToData, utf8 } from "../../base/mod.ts";
import { toJson } from "../../control/mod.ts";
import type { HttpConnection } from "./connection.ts";

/** An answer to a request. */
export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  /** Absent for an answer without a body. */
  body?: string | Uint8Array;
}

/** Length from which JSON is compressed, bytes. */
const COMPRESSED_FROM_BYTES = 32_768;
/** Lowest speed at which a client has to receive a long answer, bytes a second. */
const LOWEST_SPEED = 16_384;
/** Time that a client has for a short answer (ms). */
const ANSWER_MS = 30_000;

/** Fields of each answer of the API. */
export const apiHeaders: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};

const plain = { "content-type": "text/plain" };

/** An answer that is one line of text. */
export function textAnswer(body: string, status: number): HttpAnswer {
  return { status, body: `${body}\n`, headers: plain };
}

/** An answer that is JSON. Without a value, it has no body. */
export function jsonAnswer(value: unknown, status = 200): HttpAnswer {
  if (value === undefined) return { status: 204, headers: { ...apiHeaders } };
  const headers = { ...apiHeaders, "content-type": "application/json" };
  return { status, body: `${toJson(value)}\n`, headers };
}

/** The answer that tells an error, in the form of the control socket. */
export function errorAnswer(error: unknown): HttpAnswer {
  const { kind, code, message, detail } = errorToData(error);
  const more = error instanceof HttpApiError ? error.headers : {};
  const told = { kind, code, message, ...(Object.keys(detail).length > 0 && { detail }) };
  const { headers, ...answer } = jsonAnswer({ error: told }, statusOf({ kind, code }));
  return { ...answer, headers: { ...headers, ...more } };
}

/** Sends an answer and ends the response. */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  connection: HttpConnection,
  { status, headers, body = "" }: HttpAnswer,
): Promise<void> {
  let bytes = typeof body === "string" ? utf8(body) : body;
  const sent = { ...headers };
  const isJson = sent["content-type"] === "application/json";
  if (isJson && bytes.length >= COMPRESSED_FROM_BYTES) {
    sent.vary = "accept-encoding";
    if (acceptsGzip(request.headers["accept-encoding"]?.toString())) {
      bytes = await promisify(gzip)(bytes);
      sent["content-encoding"] = "gzip";
    }
  }
  if (connection.destroyed) return;
  connection.answering(ANSWER_MS + bytes.length / LOWEST_SPEED * 1_000);
  const hasBody = status !== 204 && status !== 304;
  if (hasBody) sent["content-length"] = `${bytes.length}`;
  response.writeHead(status, sent);
  response.end(hasBody && request.method !== "HEAD" ? bytes : undefined);
}

/**
 * Whether a header `accept-encoding` accepts gzip (RFC 9110, section 12.5.3). `*` stands for all
 * encodings that the header does not name.
 */
export function acceptsGzip(header = ""): boolean {
  const accepted = new Map<string, boolean>();
  for (const part of header.toLowerCase().split(",")) {
    const [coding, ...parameters] = part.split(";").map((text) => text.trim());
    accepted.set(coding!, !parameters.some((text) => /^q=0(\.0*)?$/.test(text)));
  }
  return accepted.get("gzip") ?? accepted.get("x-gzip") ?? accepted.get("*") ?? false;
}
