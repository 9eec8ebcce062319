/**
 * The other end of the control socket: the operations of whoever owns the engine, called from
 * another process.
 *
 * @module
 */

import { type ErrorData, errorFromData } from "../base/mod.ts";
import type { OperationName } from "./control_schema.ts";
import { DaemonError } from "./errors.ts";
import type { CallOptions, Operations, StatusJson } from "./operations.ts";

type Line = { event?: unknown; result?: unknown; error?: ErrorData };

/** A connection to the process that owns the engine. */
export interface ControlClient {
  readonly operations: Operations;
  close(): void;
}

/**
 * Asks whether somebody serves the control socket at `path`.
 *
 * @returns a client and what it said of itself, or `undefined` if nobody answers
 */
export async function connectControl(
  path: string,
): Promise<{ client: ControlClient; status: StatusJson } | undefined> {
  const http = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  const client = { operations: remoteOperations(http), close: () => http.close() };
  try {
    return { client, status: await client.operations.status() };
  } catch (error) {
    http.close();
    if (error instanceof DaemonError && error.code === "CONTROL_UNREACHABLE") return undefined;
    throw error;
  }
}

function remoteOperations(http: Deno.HttpClient): Operations {
  const call = <Result>(
    name: OperationName,
    request: unknown = {},
    options: CallOptions<never> = {},
  ) => post(http, name, request, options as CallOptions<unknown>) as Promise<Result>;
  return {
    status: () => call("status"),
    list: () => call("list"),
    records: () => call("records"),
    settings: () => call("settings"),
    reload: () => call("reload"),
    stop: () => call("stop"),
    add: (request) => call("add", request),
    addCatalog: (request) => call("addCatalog", request),
    remove: (request) => call("remove", request),
    lookUp: (request, options) => call("lookUp", request, options),
    store: (request, options) => call("store", request, options),
    nameEntry: (request) => call("nameEntry", request),
    indexName: (request, options) => call("indexName", request, options),
    countPeers: (request, options) => call("countPeers", request, options),
    announce: (request, options) => call("announce", request, options as CallOptions<never>),
    download: (request, options) => call("download", request, options as CallOptions<never>),
  };
}

async function post(
  http: Deno.HttpClient,
  name: OperationName,
  request: unknown,
  { signal, onEvent }: CallOptions<unknown>,
): Promise<unknown> {
  let response: Response;
  try {
    // No packet goes there: the proxy is the socket. A name would be looked up all the same.
    response = await fetch(`http://127.0.0.1/v1/${name}`, {
      method: "POST",
      body: JSON.stringify(request),
      client: http,
      signal,
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw unreachable(error);
  }
  for await (const line of lines(response, signal)) {
    if (line.error) throw errorFromData(line.error);
    if ("result" in line) return line.result;
    onEvent?.(line.event);
  }
  throw unreachable(new Error("the answer ended too early"));
}

async function* lines(response: Response, signal?: AbortSignal): AsyncGenerator<Line> {
  let rest = "";
  try {
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
      const complete = (rest + part).split("\n");
      rest = complete.pop()!;
      for (const line of complete) yield JSON.parse(line);
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw unreachable(error);
  }
  if (rest) yield JSON.parse(rest);
}

function unreachable(cause: unknown): DaemonError {
  return new DaemonError(
    "failed",
    "CONTROL_UNREACHABLE",
    `The libreseed process that owns this home stopped answering: ${(cause as Error).message}`,
    { cause },
  );
}
