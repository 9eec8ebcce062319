/**
 * The prototype of npm:webtorrent's torrent class, as an object whose members can be replaced.
 *
 * @module
 */

import Torrent from "webtorrent/lib/torrent.js";
import type { Place } from "../replacing/mod.ts";

/** Returns the prototype of a torrent, typed with the members of `T`. */
export function torrentPrototype<T extends object>(): Place<T> {
  return {
    library: "webtorrent",
    name: "Torrent.prototype",
    object: () => (Torrent as unknown as { prototype: T }).prototype,
  };
}
