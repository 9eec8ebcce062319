/**
 * Changes to npm:bencode.
 *
 * @module
 */

export {} from "./bencode_guard.ts";
