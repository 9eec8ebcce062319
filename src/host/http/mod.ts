/**
 * The daemon's HTTP page for monitoring: `/healthz`, `/readyz` and `/metrics`.
 *
 * - `page.ts` is the entry: `serveHttpPage` listens and answers the three paths.
 * - `listener.ts` accepts a bounded number of connections and hands them to `node:http`;
 *   `connection.ts` is one connection with its timeouts.
 * - `host_header.ts` refuses requests that name another host (DNS rebinding).
 * - `metrics.ts` renders the status of the host in Prometheus' text format.
 *
 * The page only reads. Changes go through the control socket (`src/control`).
 *
 * @module
 */

export { type HttpPage, serveHttpPage } from "./page.ts";
