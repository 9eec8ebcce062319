/**
 * The class of npm:bittorrent-protocol as a place whose members are replaced or called.
 *
 * @module
 */

import Connection from "bittorrent-protocol";
import type { Place } from "../replacing/mod.ts";

/** The prototype of a connection to a peer, with the members that `T` names. */
export function connectionPrototype<T extends object>(): Place<T> {
  return {
    library: "bittorrent-protocol",
    name: "Wire.prototype",
    object: () => Connection.prototype as unknown as T,
  };
}
