/**
 * Limits on outgoing connections to peers. Strangers name peer addresses, so without limits they could
 * direct our dials at any service of anybody.
 *
 * {@linkcode DialBudget} decides for each address whether it may be dialled now, must wait, or is refused:
 * only ports that peers use, few ports of one address, no address that keeps failing, never ourselves.
 * {@linkcode DialQueue} holds the dials that wait for another dial to the same address to end.
 *
 * Opening the connections is WebTorrent's; `../libraries/webtorrent/dialling.ts` puts these limits before it. The
 * sandbox's permissions (`src/worker/permissions.ts`) bound the addresses independently.
 *
 * Start with `dial_budget.ts`.
 *
 * @module
 */

export { DialBudget, type DialRefusal, isTestHost } from "./dial_budget.ts";
export { DialQueue } from "./dial_queue.ts";
