/**
 * Client of the control socket: calls the operations of the host from another process. The client
 * is generated from the table in `operations.ts`, so this file names no individual operation.
 *
 * @module
 */

import * as v from "valibot";
import {
  type Clock,
  CONTROL_AUTHORITY,
  describePath,
  type ErrorData,
  errorFromData,
  homePaths,
  type LibreseedError,
  version,
} from "../base/mod.ts";
import type { StatusJson } from "./answers.ts";
import { ControlError } from "./errors.ts";
import { lockHolder } from "./home_lock.ts";
import { LivenessMonitor, SILENT_AFTER_MS } from "./liveness.ts";
import { toJson } from "./json.ts";
import {
  type CallOptions,
  type OperationName,
  operationNames,
  type Operations,
} from "./operations.ts";
import { checkSocketOwner } from "./ownership.ts";
import { rowOf } from "./request.ts";
import { mismatch, VERSION_FIELD } from "./versions.ts";

type Line = { event?: unknown; result?: unknown; error?: ErrorData };

/** A connection to the host process of a home. */
export interface ControlClient {
  readonly operations: Operations;
  close(): void;
}

/** Options of {@linkcode connectControl}. */
export interface ConnectOptions {
  clock: Clock;
  /** Describes the home, which the calling thread may not open. Default: {@linkcode describePath}. */
  describe?: typeof describePath;
  signal?: AbortSignal;
  /** User id of this process. Default: the id that the operating system reports. */
  own?: number;
  /** Called with a message for users when the host is slow to answer a request. */
  onSilence?: (message: string) => void;
  /** Time limit for the first answer of the host, milliseconds. Default: 10 s. */
  answerTimeoutMs?: number;
}

/** Default time limit for the first answer of the host (ms). A slower host counts as hung. */
const ANSWER_TIMEOUT_MS = 10_000;
/** Error codes which show that no working host serves the socket. */
const codesOfNoHost = new Set(["CONTROL_UNREACHABLE", "WORKER_DIED"]);

/**
 * Connects to the host process that serves the control socket of a home.
 *
 * @returns a client and the status of the host; `undefined` if no host serves the socket
 * @throws {ControlError} `CONTROL_SILENT` if the host accepts the connection but does not answer,
 * `CONTROL_NOT_OURS` if the socket belongs to another user
 */
export async function connectControl(
  home: string,
  { clock, describe = describePath, signal, own, onSilence, answerTimeoutMs = ANSWER_TIMEOUT_MS }:
    ConnectOptions,
): Promise<{ client: ControlClient; status: StatusJson } | undefined> {
  const paths = homePaths(home);
  if (!await checkSocketOwner(paths.control, describe, own)) return undefined;
  const http = Deno.createHttpClient({ proxy: { transport: "unix", path: paths.control } });
  const remote: Remote = {
    http,
    watch: onSilence && (() =>
      new LivenessMonitor({
        clock,
        onSilence: () => void describeSilence(home, paths.lock).then(onSilence),
        probe: (signal) => post({ http }, "settings", {}, { signal }),
      })),
  };
  const client = { operations: remoteOperations(remote), close: () => http.close() };
  const late = new AbortController();
  const timer = clock.after(answerTimeoutMs, () => late.abort());
  const either = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
  try {
    const status = await post(remote, "status", {}, { signal: either }) as StatusJson;
    remote.hostVersion = status.version;
    return { client, status };
  } catch (error) {
    http.close();
    if (late.signal.aborted && !signal?.aborted) {
      throw await silent(home, paths.lock, answerTimeoutMs);
    }
    // A host whose engine has died will end soon, so it counts as absent.
    if (codesOfNoHost.has((error as Partial<LibreseedError>).code!)) return undefined;
    throw error;
  } finally {
    timer.cancel();
  }
}

/**
 * Dependencies of calling an operation: the HTTP client of the socket, and the factory of liveness
 * monitors.
 */
interface Remote {
  http: Deno.HttpClient;
  /** Version of the host, once it is known. */
  hostVersion?: string;
  /** Creates a watchdog for one request. Absent if requests are not monitored. */
  watch?: () => LivenessMonitor;
}

async function describeSilence(home: string, lockPath: string): Promise<string> {
  const pid = await lockHolder(lockPath);
  const who = pid === undefined ? "the libreseed process" : `process ${pid}`;
  const resume = pid === undefined
    ? "resume it if it was stopped"
    : `\`kill -CONT ${pid}\` resumes it if it was stopped`;
  return `${who}, which owns ${home}, has not answered for ${
    SILENT_AFTER_MS / 1_000
  } s; still waiting. ` +
    `If it stays silent, ${resume}; else end it and start it again`;
}

async function silent(home: string, lockPath: string, waitedMs: number): Promise<ControlError> {
  const pid = await lockHolder(lockPath);
  const who = pid === undefined ? "The libreseed process" : `Process ${pid}`;
  return new ControlError(
    "failed",
    "CONTROL_SILENT",
    `${who}, which owns ${home}, has not answered for ${
      waitedMs / 1_000
    } s. End it and start it again`,
    { detail: { home, pid } },
  );
}

function remoteOperations(remote: Remote): Operations {
  return Object.fromEntries(operationNames.map((name) => [
    name,
    (request: unknown = {}, options: CallOptions<unknown> = {}) =>
      post(remote, name, request, options),
  ])) as Operations;
}

async function post(
  { http, watch, hostVersion }: Remote,
  name: OperationName,
  request: unknown,
  { signal, onEvent }: CallOptions<unknown>,
): Promise<unknown> {
  const row = rowOf(name);
  using silence = watch?.();
  let response: Response;
  try {
    response = await fetch(`http://${CONTROL_AUTHORITY}/v1/${name}`, {
      method: "POST",
      body: toJson(request),
      headers: { [VERSION_FIELD]: version },
      client: http,
      signal,
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw unreachable(error);
  }
  silence?.heard();
  for await (const line of lines(response, signal)) {
    silence?.heard();
    if (line.error) {
      const error = errorFromData(line.error);
      throw response.ok ? error : mismatch(hostVersion, name, error) ?? error;
    }
    if ("result" in line) return read(row.result, line.result, name, hostVersion);
    if (row.event) onEvent?.(read(row.event, line.event, name, hostVersion));
  }
  throw unreachable(new Error("the answer ended too early"));
}

/** Parses the JSON value of a result or an event by its schema. */
function read(
  schema: v.GenericSchema,
  json: unknown,
  name: OperationName,
  hostVersion?: string,
): unknown {
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  throw mismatch(hostVersion, name, result.issues[0]) ?? new ControlError(
    "failed",
    "CONTROL_ANSWER",
    `The libreseed process that owns this home answered "${name}" in another form than this one ` +
      "reads. Restart it",
  );
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

function unreachable(cause: unknown): ControlError {
  return new ControlError(
    "failed",
    "CONTROL_UNREACHABLE",
    `The libreseed process that owns this home stopped answering: ${(cause as Error).message}`,
    { cause },
  );
}
