/**
 * The daemon's HTTP server: the API (`/v1/…`), the page at `/`, and `/healthz`, `/readyz` and `/metrics` for
 * monitoring.
 *
 * - `page.ts` has `serveHttpPage`, which finds out what a request is for. Start reading here.
 * - `listener.ts` accepts a bounded number of connections and hands them to `node:http`; `connection.ts` is
 *   one connection with its timeouts.
 * - `host_header.ts` refuses requests whose `Host` header names another server (DNS rebinding).
 * - `api.ts` answers requests for the API: `access.ts` and `token_check.ts` decide who may ask, `body.ts`
 *   reads a request, `archives.ts` receives archives, `events.ts` sends events.
 * - `monitoring.ts` answers for monitoring; `metrics.ts` renders the status in Prometheus' text format.
 * - `assets.ts` has the files of the page; `answer.ts` sends answers of all kinds.
 *
 * The table of routes is in `src/api`, the operations that it calls are those of the control socket.
 *
 * @module
 */

export { type HttpPage, serveHttpPage } from "./page.ts";
