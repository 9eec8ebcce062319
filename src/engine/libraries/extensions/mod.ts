/**
 * Changes to the extensions of a connection: npm:ut_metadata (BEP 9) and npm:ut_pex (BEP 11).
 *
 * @module
 */

export {} from "./metadata_guard.ts";
export {} from "./pex_guard.ts";
