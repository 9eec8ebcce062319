/**
 * What can go wrong between us and the DHT.
 *
 * Codes: `DHT_OFF` (kind `network`: no node to borrow), `DHT_STOPPED` (the manager was told to stop).
 *
 * @module
 */

import { LibreseedError } from "../../base/mod.ts";

/** An error of the `dht` folder. */
export class DhtError extends LibreseedError {
  override name = "DhtError";
}
