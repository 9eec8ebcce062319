/**
 * The secret of a home from which the nonces of its port mappings are derived.
 *
 * @module
 */

import type { StateDatabase } from "../store/mod.ts";

/** Name of the secret in `state.db`. */
const NAME = "port mapping";

/**
 * Returns the secret, 32 bytes; `undefined` if it cannot be kept, as on a full disk. Then the nonces
 * do not survive the process.
 */
export function mappingSecret({ secrets }: Pick<StateDatabase, "secrets">): Uint8Array | undefined {
  try {
    return secrets.get(NAME);
  } catch {
    return undefined;
  }
}
