/**
 * Extensions of a connection to a peer (BEP 10): npm:ut_metadata (BEP 9) and npm:ut_pex (BEP 11). Nothing
 * in them is replaced. npm:webtorrent sets up both for each connection and emits `wire`;
 * {@linkcode guardExtensions} then has the connection `use` a guard of the same name, which gets the
 * peer's messages first and hands on those that an honest peer may send.
 *
 * @module
 */

export { guardExtensions } from "./guards.ts";
