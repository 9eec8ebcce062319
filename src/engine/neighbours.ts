/**
 * Joins local discovery with the dials and torrents of the engine.
 *
 * @module
 */

import { formatHostPort } from "../base/mod.ts";
import type { Routes } from "./dial/mod.ts";
import { Neighbours } from "./lan/mod.ts";
import type { Torrent } from "./libraries/mod.ts";
import type { EngineOptions } from "./options.ts";

/**
 * Begins to find the neighbours that have torrents of ours, and dials them.
 *
 * @param port TCP port on which the engine listens
 * @param find returns the torrent with an infohash, and wakes its archive if it is asleep
 * @returns `undefined` if local discovery is off, or there is no gate
 */
export function findNeighbours(
  { clock, gate, lan }: EngineOptions,
  routes: Routes,
  port: () => number,
  find: (infoHashHex: string) => Promise<Torrent | undefined>,
): Neighbours | undefined {
  if (!lan || !gate) return undefined;
  return new Neighbours({
    ...{ clock, gate, port },
    async onNeighbour(infoHashHex, address) {
      routes.noteNeighbour(address);
      const torrent = await find(infoHashHex);
      if (torrent && !torrent.destroyed) torrent.addPeer(formatHostPort(address));
    },
  });
}
