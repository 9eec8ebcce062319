/**
 * The table of the HTTP API (`/v1/…`): routes, schemas of requests and answers, and the OpenAPI
 * description that is made from them. `src/host/http` serves the routes.
 *
 * - `routes.ts` is the table, `route.ts` the type of its rows. Start reading here.
 * - `schemas` describes requests and answers; the compiler compares the latter with the types in
 *   `src/control`.
 * - `find_route.ts` and `parse_parts.ts` read a request by the table; `errors.ts` has the errors and the
 *   HTTP status of each.
 * - `openapi.ts` makes the OpenAPI description, which `describe_api.ts` loads late.
 *
 * @module
 */

export { describeApi } from "./describe_api.ts";
export { HttpApiError, statusOf } from "./errors.ts";
export { findRoute, type FoundRoute } from "./find_route.ts";
export { parseParts, type RawParts } from "./parse_parts.ts";
export type { Access, Method, Parts, ResultOf, Route, RouteKey } from "./route.ts";
export { type Routes, routes } from "./routes.ts";
export type { AnnouncedJson } from "./schemas/mod.ts";
