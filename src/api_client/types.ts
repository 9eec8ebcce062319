/**
 * The types of the client's calls, derived from the table in `src/api`.
 *
 * @module
 */

import type { Method, Route, Routes } from "../api/mod.ts";
import type { WatchEvent, WatchKind } from "../control/mod.ts";

/** Path templates of the routes with a method. */
export type PathOf<M extends Method> = Exclude<
  { [Key in keyof Routes]: Key extends `${M} ${infer Path}` ? Path : never }[keyof Routes],
  "/v1/events"
>;

/** The row of the table for a method and a path template. */
export type RowOf<M extends Method, Path extends string> = `${M} ${Path}` extends
  infer Key extends keyof Routes ? Routes[Key] : never;

/** The answer of a route: parsed JSON, or nothing. */
export type AnswerOf<Row> = Row extends
  Route<infer _Name, infer _Params, infer _Query, infer _Body, infer Answer> ? Answer : never;

/** A body that is an archive. */
export type ArchiveBody = Blob | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

/** Members that each call may have. */
export interface CommonOptions {
  /** Aborting this signal ends the call. */
  signal?: AbortSignal;
}

type Given<Key extends string, T> = unknown extends T ? unknown : { [K in Key]: T };

type OptionsFor<Row> = Row extends
  Route<infer _Name, infer Params, infer Query, infer Body, infer _Answer> ?
    & CommonOptions
    & Given<"params", Params>
    & Partial<Given<"query", Query>>
    & Given<"body", Body>
  : never;

/** Options of a call of `POST /v1/archives` or `POST /v1/publish`. */
export interface ArchiveOptions {
  /** The archive (`.tgz`). */
  archive: ArchiveBody;
  /** Bytes of the minimal manifest of an archive of another publisher. */
  manifest?: Uint8Array;
}

/** Options of a call: parameters, query, body and signal, as far as the route has them. */
export type CallOptions<M extends Method, Path extends string> = Path extends
  "/v1/archives" | "/v1/publish" ? OptionsFor<RowOf<M, Path>> & ArchiveOptions
  : OptionsFor<RowOf<M, Path>>;

/** The options as last argument, which may be left out if nothing in them is required. */
export type Rest<Options> = Record<never, never> extends Options ? [options?: Options]
  : [options: Options];

/** A client of the HTTP API. */
export interface Client {
  /** Calls a route that changes nothing. Throws `ApiError`. */
  get<Path extends PathOf<"GET">>(
    path: Path,
    ...rest: Rest<CallOptions<"GET", Path>>
  ): Promise<AnswerOf<RowOf<"GET", Path>>>;
  /** Calls a route that changes something; needs the token. Throws `ApiError`. */
  post<Path extends PathOf<"POST">>(
    path: Path,
    ...rest: Rest<CallOptions<"POST", Path>>
  ): Promise<AnswerOf<RowOf<"POST", Path>>>;
  /** Calls a route that removes something; needs the token. Throws `ApiError`. */
  delete<Path extends PathOf<"DELETE">>(
    path: Path,
    ...rest: Rest<CallOptions<"DELETE", Path>>
  ): Promise<AnswerOf<RowOf<"DELETE", Path>>>;
  /**
   * Returns the events of the daemon as they happen. The iteration ends when the daemon ends, or the
   * connection; the caller begins a new one. Throws `ApiError`.
   */
  events<Kind extends WatchKind = WatchKind>(
    options?: EventsOptions<Kind>,
  ): AsyncGenerator<Extract<WatchEvent, { kind: Kind }>, void>;
}

/** Options of `events`. */
export interface EventsOptions<Kind extends WatchKind> extends CommonOptions {
  /** The wanted kinds. Default: all. */
  kinds?: readonly Kind[];
  /** Called when the daemon has accepted the request, before the first event. */
  onOpen?: () => void;
}

/** Options of `createClient`. */
export interface ClientOptions {
  /** Address of the daemon: `http://127.0.0.1:9090`. An empty text is the page's own origin. */
  baseUrl: string;
  /** The token, or a function that returns it; needed for changes, and from other machines. */
  token?: string | (() => string | undefined);
  /** Sends the requests. Default: the global `fetch`. */
  fetch?: typeof globalThis.fetch;
}
