/**
 * The only change to npm:bencode: its decoder refuses a byte string of negative length instead of
 * looping for ever. libreseed's own bencode encoder and scanner are in `src/bencode`.
 *
 * @module
 */

export { bencodeReplacements } from "./bencode_guard.ts";
