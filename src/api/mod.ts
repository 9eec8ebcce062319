/**
 * The table of the HTTP API (`/v1/…`): routes, schemas of requests and responses, and the OpenAPI
 * description that is made from them. `src/host/http` serves the routes.
 *
 * @module
 */

export {};
