/**
 * The type of a row of the table in `routes.ts`.
 *
 * @module
 */

import type * as v from "valibot";
import type { OperationName, Operations, RequestOf } from "../control/mod.ts";
import type { MutableItem } from "../records/mod.ts";

/** HTTP method of a route. `HEAD` is answered for each `GET`. */
export type Method = "GET" | "POST" | "DELETE";

/**
 * Access to a route. `read`: anybody on this machine, and otherwise holders of the token. `change`:
 * holders of the token.
 */
export type Access = "read" | "change";

/** Method and path template of a route: `GET /v1/packages/{name}/{version}`. */
export type RouteKey = `${Method} /v1/${string}`;

/** The parsed parts of a request. */
export interface Parts<Params, Query, Body> {
  /** The parameters of the path template, percent-decoded. */
  params: Params;
  query: Query;
  body: Body;
  /** Name of the received archive's file in the seed directory; empty for a route without archive. */
  fileName: string;
}

/** Result of an operation, as the host returns it. */
export type ResultOf<Name extends OperationName> = Awaited<ReturnType<Operations[Name]>>;

/** A row of the table: what a route does, and the schemas of its request and answer. */
export interface Route<
  Name extends OperationName = OperationName,
  Params = unknown,
  Query = unknown,
  Body = unknown,
  Answer = unknown,
> {
  /** One line for lists, without a period. */
  summary: string;
  /** More about the route, in Markdown. */
  description?: string;
  access: Access;
  /** The operation of the host that the route calls. */
  operation: Name;
  params?: v.GenericSchema<Params, Params>;
  query?: v.GenericSchema<Query, Query>;
  /** Schema of the request's body, which is JSON. */
  body?: v.GenericSchema<Body, Body>;
  /**
   * The body is an archive (`.tgz`). `kept`: the archive is verified and put into the seed directory
   * before the operation. `temporary`: the operation finds it there under a temporary name, and the file
   * is deleted afterwards.
   */
  archive?: "kept" | "temporary";
  /** The answer is a stream of server-sent events: the events of the operation. */
  events?: true;
  /** Makes the request of the operation; absent for an operation without a request. */
  request?(parts: Parts<Params, Query, Body>): RequestOf<Name>;
  /** Schema of the answer, or of an event; absent for an answer without a body (status 204). */
  answer?: v.GenericSchema<Answer, Answer>;
}

/** A value as JSON has it: bytes and signed items are base64. */
type Sent<T> = T extends Uint8Array | MutableItem ? string
  : T extends readonly (infer Item)[] ? Sent<Item>[]
  : T extends object ? { [Key in keyof T]: Sent<T[Key]> }
  : T;

/** `unknown` if the answer describes the result of the operation, which has events if it is a stream. */
type Fits<Name extends OperationName, Answer> = Name extends "watch" ? unknown
  : [Sent<ResultOf<Name>>] extends [Answer] ? unknown
  : "the schema does not describe the result of the operation";

/** Declares a row. The compiler checks that request and answer fit the operation. */
export function route<
  Name extends OperationName,
  Params = unknown,
  Query = unknown,
  Body = unknown,
  Answer = void,
>(
  row: Route<Name, Params, Query, Body, Answer> & Fits<Name, Answer>,
): Route<Name, Params, Query, Body, Answer> {
  return row;
}
