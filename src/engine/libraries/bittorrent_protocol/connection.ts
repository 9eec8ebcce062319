/**
 * The prototype of npm:bittorrent-protocol's connection class, as an object whose members can be
 * replaced.
 *
 * @module
 */

import Connection from "bittorrent-protocol";
import type { Place } from "../replacing/mod.ts";

/** Returns the prototype of a connection to a peer, typed with the members of `T`. */
export function connectionPrototype<T extends object>(): Place<T> {
  return {
    library: "bittorrent-protocol",
    name: "Wire.prototype",
    object: () => Connection.prototype as unknown as T,
  };
}
