/**
 * Answers requests for `/v1/…` by the table in `src/api`: checks who asks, reads the request, and calls the
 * operation of the host.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import {
  describeApi,
  findRoute,
  type FoundRoute,
  HttpApiError,
  parseParts,
} from "../../api/mod.ts";
import type { Clock } from "../../base/mod.ts";
import type { CallOptions, Operations, RequestOf } from "../../control/mod.ts";
import type { ArchiveLimits, StartThread } from "../../package/mod.ts";
import type { ValidSeedEntry } from "../../store/mod.ts";
import { isFromHere, type Origin, refuseCrossSite } from "./access.ts";
import { apiHeaders, errorAnswer, type HttpAnswer, jsonAnswer, send } from "./answer.ts";
import { Archives } from "./archives.ts";
import { type BodyLimits, bodyLimits, readJson } from "./body.ts";
import type { HttpConnection } from "./connection.ts";
import { type EventLimits, EventStreams } from "./events.ts";
import { TokenCheck } from "./token_check.ts";

/** Options of {@linkcode HttpApi}. */
export interface HttpApiOptions {
  /** The operations of the host. An operation that is not there makes its route answer 404. */
  operations: Partial<Operations>;
  clock: Clock;
  /** Reads the token that changes need. */
  token: () => Promise<string>;
  /** Returns the limits of received archives. */
  archiveLimits: () => ArchiveLimits;
  /** Starts a thread that hashes a received archive. */
  startThread?: StartThread;
  /** Called with each received archive that was verified and is kept. */
  onKept?: (entry: ValidSeedEntry) => void;
  onWarning?: (message: string) => void;
  bodyLimits?: BodyLimits;
  eventLimits?: EventLimits;
}

/** Path of the description of the API, which is made from the table and is no operation. */
const DESCRIPTION = "/v1/openapi.json";

/** The type to which each method of the host is cast, to be called by its name. */
type HostMethod = (request?: unknown, options?: CallOptions<unknown>) => Promise<unknown>;

/** The HTTP API of a host. */
export class HttpApi {
  readonly #options: HttpApiOptions;
  readonly #tokens: TokenCheck;
  readonly #events: EventStreams;
  readonly #archives: Archives;
  readonly #bodyLimits: BodyLimits;
  #description: Promise<string> | undefined;

  constructor(options: HttpApiOptions) {
    const { operations, clock, token, onWarning, archiveLimits, startThread, onKept } = options;
    this.#options = options;
    this.#bodyLimits = options.bodyLimits ?? bodyLimits;
    this.#tokens = new TokenCheck({ read: token, clock, onWarning });
    const watch: Operations["watch"] = (...call) => operations.watch!.call(operations, ...call);
    this.#events = new EventStreams(watch, clock, options.eventLimits);
    this.#archives = new Archives({
      ...{ operations: operations as Operations, clock, limits: archiveLimits, startThread },
      onKept,
      bodyLimits: this.#bodyLimits,
    });
  }

  /**
   * Answers a request.
   *
   * @param path path of the request, as received, without its query
   * @param host `HOST[:PORT]` that the request names, which was checked
   */
  async answer(
    request: IncomingMessage,
    response: ServerResponse,
    connection: HttpConnection,
    { path, query, host }: { path: string; query: string; host: string },
  ): Promise<void> {
    let answer: HttpAnswer | undefined;
    try {
      const { headers, httpVersion, method = "GET" } = request;
      const { remoteHost } = connection;
      refuseCrossSite({ host, headers });
      const isDescription = path === DESCRIPTION && (method === "GET" || method === "HEAD");
      const found = isDescription ? undefined : findRoute(method, path);
      const access = found?.route.access ?? "read";
      await this.#admit(access, { remoteHost, host, headers, httpVersion });
      answer = found
        ? await this.#perform(found, request, response, connection, query)
        : await this.#describe();
    } catch (error) {
      answer = errorAnswer(error);
    }
    if (answer && !response.headersSent) await send(request, response, connection, answer);
  }

  async #admit(access: "read" | "change", origin: Origin): Promise<void> {
    const { authorization } = origin.headers;
    // A wrong token is refused also where none is needed, so that its sender learns of it.
    if (access === "read" && authorization === undefined && isFromHere(origin)) return;
    await this.#tokens.check(authorization, origin.remoteHost);
  }

  /** Calls the operation of a route. Returns nothing if the response was sent already. */
  async #perform(
    { route, params }: FoundRoute,
    request: IncomingMessage,
    response: ServerResponse,
    connection: HttpConnection,
    query: string,
  ): Promise<HttpAnswer | undefined> {
    const { operations, clock } = this.#options;
    const method = operations[route.operation] as HostMethod | undefined;
    if (!method) throw new HttpApiError("API_ROUTE", "This program has no such operation");
    const signal = connection.left;
    const call = async (body: unknown, fileName?: string) => {
      const parts = parseParts(route, { params, query, body, fileName });
      const result = route.request
        ? await method.call(operations, route.request(parts), { signal })
        : await method.call(operations);
      return jsonAnswer(route.answer ? result ?? null : undefined);
    };
    if (route.events) {
      const parts = parseParts(route, { params, query });
      if (request.method === "HEAD") {
        return { status: 200, headers: { ...apiHeaders, "content-type": "text/event-stream" } };
      }
      const wanted = route.request!(parts) as RequestOf<"watch">;
      // A wrong token was refused before.
      const hasToken = request.headers.authorization !== undefined;
      await this.#events.serve(wanted, response, connection, hasToken);
      return undefined;
    }
    // The time of a change depends on the network. It ends early if the client leaves.
    if (route.access === "change") connection.withoutLimit();
    connection.outlivesServer = route.operation === "stop";
    if (!route.archive) return await call(await readJson(request, clock, this.#bodyLimits));
    // The query is read first, so that a wrong one is told before the archive is sent.
    parseParts(route, { params, query });
    return await this.#archives.receive(
      request,
      route.archive,
      signal,
      (fileName) => call(undefined, fileName),
    );
  }

  async #describe(): Promise<HttpAnswer> {
    this.#description ??= describeApi();
    const headers = { ...apiHeaders, "content-type": "application/json" };
    return { status: 200, headers, body: await this.#description };
  }
}
