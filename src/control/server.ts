/**
 * Server of the control socket, through which other libreseed processes of the same user borrow the
 * engine. The protocol is HTTP over a Unix socket. `POST /v1/OPERATION` returns one JSON object a
 * line: events first, then a result or an error. For users of curl, operations marked `get` in the
 * table also answer `GET`, with the bare result.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { type Clock, delay, errorToData, utf8 } from "../base/mod.ts";
import { ControlError } from "./errors.ts";
import { toJson } from "./json.ts";
import type { CallOptions, Operations } from "./operations.ts";
import { isOperation, MAX_REQUEST_BYTES, parseRequest, rowOf } from "./request.ts";
import { RestartingServer, serverLost } from "./restarting_server.ts";
import { describeCaller } from "./versions.ts";

/** Time limit for receiving a whole request from a client (ms). */
const REQUEST_TIMEOUT_MS = 10_000;
/** Time limit for clients to read their answers when the server closes (ms). */
const CLOSE_DEADLINE_MS = 1_000;
/** Maximum number of bytes that wait for a client to read them. Further events are left out. */
const UNREAD_BYTES = 1 << 20;

/** A running server of the control socket. */
export interface ControlServer {
  /** Stops accepting requests, and resolves when the running requests have been answered. */
  drain(): Promise<void>;
  /** Aborts the running requests and removes the socket. */
  close(): Promise<void>;
}

/**
 * Serves a host's operations on a Unix socket. The caller holds the home's lock, so an existing
 * file at `path` is left over from a dead process and is replaced.
 *
 * @param path path of the socket
 * @param onFailure called with `SERVER_LOST` if the server fails later and cannot be restarted
 * @throws {ControlError} `HOME_PATH_TOO_LONG` (kind `usage`): the path does not fit into
 * `sockaddr_un`
 */
export async function serveControl(
  path: string,
  host: Operations,
  clock: Clock,
  onFailure: (error: ControlError) => void = () => {},
): Promise<ControlServer> {
  refuseLong(path);
  const ending = new AbortController();
  const bind = () =>
    bindPrivately(path, (path) =>
      Deno.serve({
        path,
        onListen: () => {},
        onError: (error) => errorResponse(error, 500),
      }, (request) => respond(request, host, clock, ending.signal)));
  const server = await RestartingServer.start(
    bind,
    clock,
    (error) => onFailure(serverLost(path, error)),
  );
  let drained: Promise<void> | undefined;
  const drain = () => drained ??= server.stop();
  return {
    drain,
    async close() {
      const ended = drain();
      // `Deno.serve` gets no abort signal, because an abort after the start of a shutdown throws an
      // error that cannot be caught.
      ending.abort();
      const late = new AbortController();
      await Promise.race([
        ended,
        delay(clock, CLOSE_DEADLINE_MS, late.signal).catch(() => {}),
      ]);
      late.abort();
      await Deno.remove(path).catch(ignoreMissing);
    },
  };
}

/**
 * Binds a Unix socket that has mode 0600 from the moment at which it appears at `path`. The umask
 * determines the mode of a new socket. The socket is therefore bound in a private directory, gets
 * its mode there, and is then moved to `path`.
 */
async function bindPrivately<T>(path: string, bind: (path: string) => T): Promise<T> {
  // The temporary path must not be longer than `path`, because the system limits the length of
  // socket paths.
  const directory = join(dirname(path), ".bind");
  const socket = join(directory, "s");
  await Deno.remove(directory, { recursive: true }).catch(ignoreMissing);
  await Deno.mkdir(directory, { mode: 0o700 });
  try {
    const bound = bind(socket);
    await Deno.chmod(socket, 0o600);
    // The move replaces the socket of a dead process.
    await Deno.rename(socket, path);
    return bound;
  } finally {
    await Deno.remove(directory, { recursive: true }).catch(() => {});
  }
}

function refuseLong(path: string): void {
  const limitBytes = Deno.build.os === "linux" ? 107 : 103;
  const lengthBytes = utf8(path).length;
  if (lengthBytes <= limitBytes) return;
  throw new ControlError(
    "usage",
    "HOME_PATH_TOO_LONG",
    `${path} has ${lengthBytes} bytes; the system allows a socket ${limitBytes}. Give a shorter --home, or a short link to it`,
    { detail: { path, lengthBytes, limitBytes } },
  );
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

async function respond(
  request: Request,
  host: Operations,
  clock: Clock,
  ending: AbortSignal,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  const name = pathname.replace(/^\/v1\//, "");
  if (pathname === name || !isOperation(name)) {
    return errorResponse(
      new ControlError(
        "usage",
        "CONTROL_REQUEST",
        `There is no ${pathname} here${describeCaller(request)}`,
      ),
      404,
    );
  }
  const row = rowOf(name);
  if (request.method === "GET" && row.get) {
    return Response.json(await (host[name] as HostMethod).call(host));
  }
  if (request.method !== "POST") {
    return errorResponse(
      new ControlError("usage", "CONTROL_REQUEST", `${pathname} takes POST, not ${request.method}`),
      405,
    );
  }
  let argument: unknown;
  try {
    const maxBytes = row.maxRequestBytes ?? MAX_REQUEST_BYTES;
    argument = parseRequest(name, JSON.parse(await readBody(request, clock, ending, maxBytes)));
  } catch (error) {
    const why = error instanceof ControlError
      ? error.message
      : `The request "${name}" is not JSON: ${(error as Error).message}`;
    const message = why + describeCaller(request);
    return errorResponse(new ControlError("usage", "CONTROL_REQUEST", message), 400);
  }
  const method = host[name] as HostMethod;
  return stream(
    ({ signal, onEvent }) => {
      if (!row.request) return method.call(host);
      return method.call(host, argument, row.event ? { signal, onEvent } : { signal });
    },
    ending,
  );
}

/** Type to which every method of the host is cast, so that methods can be called by name. */
type HostMethod = (argument?: unknown, options?: CallOptions<unknown>) => Promise<unknown>;

/**
 * Runs an operation and streams its events and its result, one JSON object a line. A client that has
 * stopped reading gets the result all the same, but not each event.
 */
function stream(
  work: (options: CallOptions<unknown>) => Promise<unknown>,
  ending: AbortSignal,
): Response {
  // Signal that aborts the operation when its client disconnects or the server closes.
  const gone = new AbortController();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const write = (line: unknown) => {
        if (gone.signal.aborted) return;
        controller.enqueue(encoder.encode(toJson(line) + "\n"));
      };
      const cutOff = () => {
        if (gone.signal.aborted) return;
        gone.abort();
        controller.error(new Error("the process is ending"));
      };
      ending.addEventListener("abort", cutOff, { once: true });
      try {
        const result = await work({
          signal: gone.signal,
          onEvent: (event) => {
            if (controller.desiredSize! > 0) write({ event });
          },
        });
        write({ result: result ?? null });
      } catch (error) {
        write({ error: errorToData(error) });
      }
      ending.removeEventListener("abort", cutOff);
      if (!gone.signal.aborted) controller.close();
    },
    cancel: () => gone.abort(),
  }, new ByteLengthQueuingStrategy({ highWaterMark: UNREAD_BYTES }));
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
}

async function readBody(
  request: Request,
  clock: Clock,
  ending: AbortSignal,
  limitBytes: number,
): Promise<string> {
  const reader = request.body?.getReader();
  if (!reader) return "{}";
  let late = false;
  const giveUp = () => {
    late = true;
    reader.cancel().catch(() => {});
  };
  const timer = clock.after(REQUEST_TIMEOUT_MS, giveUp);
  ending.addEventListener("abort", giveUp, { once: true });
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (late) {
        throw new ControlError(
          "usage",
          "CONTROL_REQUEST",
          "The request did not arrive completely in time",
        );
      }
      if (done) return text + decoder.decode() || "{}";
      size += value.length;
      if (size > limitBytes) {
        await reader.cancel().catch(() => {});
        throw new ControlError(
          "usage",
          "CONTROL_REQUEST",
          `The request is longer than ${limitBytes} bytes`,
        );
      }
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    timer.cancel();
    ending.removeEventListener("abort", giveUp);
  }
}

function errorResponse(error: unknown, status: number): Response {
  return Response.json({ error: errorToData(error) }, { status });
}
