/**
 * Guards of the extensions (BEP 10) npm:ut_metadata (BEP 9) and npm:ut_pex (BEP 11). No member of
 * these packages is replaced. npm:webtorrent sets up both extensions for each connection and emits
 * `wire`. At that event, {@linkcode guardExtensions} makes the connection use a guard of the same
 * name instead. The guard gets the peer's messages, and passes on only those that an honest peer
 * may send.
 *
 * @module
 */

export type { Extension, ExtensionClass } from "./extension.ts";
export { guardExtensions } from "./guards.ts";
export { shareMetadata } from "./metadata_guard.ts";
