/**
 * What can go wrong between us and the DHT.
 *
 * Codes: `DHT_OFF` (no node to borrow), `DHT_UNREACHABLE` (no node answered), `DHT_STOPPED` (the
 * manager was told to stop), `RECORD_CONFLICT` (same key and `seq`, another value), `CAS_MISMATCH`
 * (the record changed between reading and writing).
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of the `dht` folder. */
export class DhtError extends LibreseedError {
  override name = "DhtError";
}
