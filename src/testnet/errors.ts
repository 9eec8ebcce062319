/**
 * Errors of the `testnet` room, which starts a local DHT.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/**
 * Error of a testnet that could not be started. Codes: `PORT_IN_USE` (kind `in-use`),
 * `PORT_REFUSED` and `START_TIMEOUT` (kind `failed`), `BAD_OPTION` (kind `usage`).
 */
export class TestnetError extends LibreseedError {
  override name = "TestnetError";
}
