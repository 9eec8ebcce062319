/**
 * A client of the HTTP API (`/v1/…`) for Deno, Node.js and browsers: typed by the table in `src/api`,
 * without any import from other rooms at run time.
 *
 * - `client.ts` has `createClient`. Start reading here.
 * - `types.ts` derives the types of its methods from the table.
 * - `event_stream.ts` reads server-sent events; `error.ts` is the error of all methods.
 *
 * @module
 */

export { createClient } from "./client.ts";
export { ApiError } from "./error.ts";
export type {
  AnswerOf,
  ArchiveBody,
  CallOptions,
  Client,
  ClientOptions,
  EventsOptions,
  PathOf,
  RowOf,
} from "./types.ts";
