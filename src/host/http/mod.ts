/**
 * The daemon's HTTP page for monitoring: `/healthz`, `/readyz` and `/metrics`.
 *
 * - `page.ts` has `serveHttpPage`, which answers requests for the three paths. Start reading here.
 * - `listener.ts` accepts a bounded number of connections and hands them to `node:http`; `connection.ts` is
 *   one connection with its timeouts.
 * - `host_header.ts` refuses requests whose `Host` header names another server (DNS rebinding).
 * - `metrics.ts` renders the status of the host in Prometheus' text format.
 *
 * Requests cannot change anything. The control socket (`src/control`) is for changes.
 *
 * @module
 */

export { type HttpPage, serveHttpPage } from "./page.ts";
