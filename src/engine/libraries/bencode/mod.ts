/**
 * The one change to npm:bencode: the decoder refuses a byte string of negative length instead of
 * looping for ever. Codecs of our own are elsewhere.
 *
 * @module
 */

export { bencodeReplacements } from "./bencode_guard.ts";
