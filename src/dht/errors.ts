/**
 * Errors of the `dht` room.
 *
 * Codes: `DHT_OFF` (kind `network`: no DHT node can be borrowed), `DHT_STOPPED` (kind `failed`: the
 * manager is stopping).
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/**
 * Error of a DHT operation that could not begin, because there is no node or the manager is
 * stopping.
 */
export class DhtError extends LibreseedError {
  override name = "DhtError";
}
