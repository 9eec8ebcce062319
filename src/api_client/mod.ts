/**
 * A client of the HTTP API (`/v1/…`) for Deno, Node.js and browsers: typed by the table in `src/api`,
 * without any import at run time.
 *
 * @module
 */

export {};
