/**
 * The webhook: tells a web server of ends of downloads and of problems. `webhook.ts` listens to the host,
 * `problem_watch.ts` decides when a problem has begun or ended, `signature.ts` signs, and `deliveries.ts`
 * sends again what was not delivered. The gate carries the requests to the one server of the setting
 * `webhook` (decision 82).
 *
 * Start with `webhook.ts`.
 *
 * @module
 */

export { startWebhook, type Webhook } from "./webhook.ts";
