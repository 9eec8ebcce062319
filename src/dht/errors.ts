/**
 * Errors of the `dht` room.
 *
 * Codes: `DHT_OFF` (kind `network`: there is no node to borrow), `DHT_STOPPED` (kind `failed`: the
 * manager is stopping).
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An operation on the DHT that could not begin. */
export class DhtError extends LibreseedError {
  override name = "DhtError";
}
