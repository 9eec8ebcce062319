/**
 * The client: makes requests from a path template and its parts, and errors from answers.
 *
 * @module
 */

import type { ErrorData } from "../base/mod.ts";
import { ApiError } from "./error.ts";
import { readEvents } from "./event_stream.ts";
import type { ArchiveOptions, Client, ClientOptions, CommonOptions } from "./types.ts";

/** The parts of a call, of whatever route. */
interface AnyCall extends CommonOptions, Partial<ArchiveOptions> {
  params?: Record<string, string>;
  query?: Record<string, string | number | readonly string[] | undefined>;
  body?: unknown;
}

/** Creates a client of a daemon's HTTP API. Sends nothing yet. */
export function createClient(options: ClientOptions): Client {
  const send = async (method: string, path: string, call: AnyCall, accept: string) => {
    const fetch = options.fetch ?? globalThis.fetch;
    const { token } = options;
    const secret = typeof token === "function" ? token() : token;
    const { archive, manifest, body } = call;
    const headers: Record<string, string> = { accept };
    if (secret) headers.authorization = `Bearer ${secret}`;
    if (archive !== undefined) headers["content-type"] = "application/gzip";
    else if (body !== undefined) headers["content-type"] = "application/json";
    if (manifest) headers["libreseed-manifest"] = btoa(String.fromCharCode(...manifest));
    const request = {
      method,
      headers,
      signal: call.signal,
      body: archive ?? (body === undefined ? undefined : JSON.stringify(body)),
      // A request whose body is a stream must say that the answer comes after it.
      ...(archive instanceof ReadableStream && { duplex: "half" }),
      // The token is for the daemon alone, and the daemon never answers with another address.
      redirect: "error",
    } as RequestInit;
    let response: Response;
    try {
      response = await fetch(urlOf(options.baseUrl, path, call), request);
    } catch (error) {
      throw unreachable(error, call.signal);
    }
    if (!response.ok) throw await errorOf(response, call.signal);
    return response;
  };
  const call = (method: string) => async (path: string, parts: AnyCall = {}) => {
    const response = await send(method, path, parts, "application/json");
    if (response.status === 204) return undefined;
    const text = await response.text().catch((error) => {
      throw unreachable(error, parts.signal);
    });
    try {
      return JSON.parse(text);
    } catch {
      throw strange(response.status);
    }
  };
  const client = {
    get: call("GET"),
    post: call("POST"),
    delete: call("DELETE"),
    async *events({ kinds, signal, onOpen }: Parameters<Client["events"]>[0] = {}) {
      const parts = { signal, query: { kinds } };
      const response = await send("GET", "/v1/events", parts, "text/event-stream");
      if (!response.body) throw strange(response.status);
      onOpen?.();
      try {
        for await (const data of readEvents(response.body, () => strange(response.status))) {
          const event = JSON.parse(data);
          if (event.error && event.kind === undefined) throw errorFrom(event, response.status);
          yield event;
        }
      } catch (error) {
        throw error instanceof ApiError ? error : unreachable(error, signal);
      }
    },
  };
  return client as unknown as Client;
}

function urlOf(baseUrl: string, template: string, { params = {}, query = {} }: AnyCall): string {
  const path = template.replace(/\{(\w+)\}/g, (_, key) => encodeURIComponent(params[key] ?? ""));
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) search.set(key, Array.isArray(value) ? value.join() : `${value}`);
  }
  const text = search.toString();
  return baseUrl.replace(/\/+$/, "") + path + (text && `?${text}`);
}

async function errorOf(response: Response, signal?: AbortSignal): Promise<ApiError> {
  const { status } = response;
  const text = await response.text().catch((error) => {
    throw unreachable(error, signal);
  });
  try {
    const answer = JSON.parse(text) as { error: ErrorData };
    if (typeof answer.error.code === "string") return errorFrom(answer, status);
  } catch {
    // A proxy, or another server, has answered.
  }
  return strange(status);
}

/** The error that the daemon has told, in an answer or in the last event of a stream. */
function errorFrom({ error }: { error: ErrorData }, status: number): ApiError {
  const { kind, code, message, detail } = error;
  return new ApiError(kind, code, message, { status, detail });
}

function strange(status: number): ApiError {
  return new ApiError(
    "failed",
    "API_ANSWER",
    `The answer, with status ${status}, is not one of libreseed. Check the address, and the proxy in ` +
      "front of the daemon",
    { status },
  );
}

function unreachable(cause: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  const { message } = cause as Error;
  return new ApiError("network", "API_UNREACHABLE", `The daemon does not answer: ${message}`, {
    cause,
  });
}
