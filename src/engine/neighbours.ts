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
 * @param ports return the port on which the engine listens, and that for neighbours, if it has one
 * @param find returns the torrent with an infohash, and wakes its archive if it is asleep
 * @returns `undefined` if local discovery is off, or there is no gate
 */
export function findNeighbours(
  { clock, gate, lan }: EngineOptions,
  routes: Routes,
  ports: { main: () => number; lan: () => number | undefined },
  find: (infoHashHex: string) => Promise<Torrent | undefined>,
): Neighbours | undefined {
  if (!lan || !gate) return undefined;
  return new Neighbours({
    ...{ clock, gate },
    port() {
      const lan = ports.lan();
      return lan === undefined
        ? { port: ports.main(), isTcpOnly: false }
        : { port: lan, isTcpOnly: true };
    },
    async onNeighbour(infoHashHex, address) {
      routes.noteNeighbour(address);
      const torrent = await find(infoHashHex);
      if (torrent && !torrent.destroyed) torrent.addPeer(formatHostPort(address));
    },
  });
}
