/**
 * The table of the HTTP API (`/v1/…`): routes, schemas of requests and answers, and the OpenAPI
 * description that is made from them. `src/host/http` serves the routes.
 *
 * - `routes.ts` is the table, `route.ts` the type of its rows. Start reading here.
 * - `schemas` describes requests and answers; the compiler compares the latter with the types in
 *   `src/control`.
 *
 * @module
 */

export type { Access, Method, Parts, ResultOf, Route, RouteKey } from "./route.ts";
export { type Routes, routes } from "./routes.ts";
export type { AnnouncedJson } from "./schemas/mod.ts";
