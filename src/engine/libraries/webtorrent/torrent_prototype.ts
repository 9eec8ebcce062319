/**
 * The class of a torrent in npm:webtorrent as a place whose members are replaced or called.
 *
 * @module
 */

import Torrent from "webtorrent/lib/torrent.js";
import type { Place } from "../replacing/mod.ts";

/** The prototype of a torrent, with the members that `T` names. */
export function torrentPrototype<T extends object>(): Place<T> {
  return {
    library: "webtorrent",
    name: "Torrent.prototype",
    object: () => (Torrent as unknown as { prototype: T }).prototype,
  };
}
