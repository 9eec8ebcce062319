/**
 * Joins local discovery with the dials and torrents of the engine.
 *
 * @module
 */

import { formatHostPort } from "../base/mod.ts";
import type { DhtHosts } from "./dht/mod.ts";
import { mayDialOf, type Routes } from "./dial/mod.ts";
import { Neighbours } from "./lan/mod.ts";
import type { Torrent } from "./libraries/mod.ts";
import type { EngineOptions } from "./options.ts";

/** The ports at which neighbours reach us. */
export interface NeighbourPorts {
  /** Returns the port on which the engine listens. */
  main: () => number;
  /** Returns the second TCP port, for neighbours alone, if the engine has one. */
  lan: () => number | undefined;
  /** The uTP packets of both families; absent without a DHT node. */
  utp?: Pick<DhtHosts, "onSyn">;
}

/**
 * Begins to find the neighbours that have torrents of ours, and dials them.
 *
 * @param find returns the torrent with an infohash, and wakes its archive if it is asleep
 * @returns `undefined` if local discovery is off, or there is no gate
 */
export function findNeighbours(
  options: EngineOptions,
  routes: Routes,
  { utp, ...ports }: NeighbourPorts,
  find: (infoHashHex: string) => Promise<Torrent | undefined>,
): Neighbours | undefined {
  const { clock, gate, lan, readOnly } = options;
  if (!lan || !gate) return undefined;
  const neighbours = new Neighbours({
    ...{ clock, gate },
    port() {
      const lan = ports.lan();
      if (lan === undefined) return { port: ports.main(), isTcpOnly: false };
      // A daemon's firewall may let in only what goes to its configured port.
      return { port: lan, isTcpOnly: true, laterPort: readOnly ? undefined : ports.main() };
    },
    async onNeighbour(infoHashHex, address) {
      routes.noteNeighbour(address);
      const torrent = await find(infoHashHex);
      if (torrent && !torrent.destroyed) torrent.addPeer(formatHostPort(address));
    },
  });
  if (utp) {
    const isAnswered = mayDialOf(options);
    utp.onSyn = (host, port) => {
      if (!isAnswered(host)) neighbours.noteUnanswered({ host, port });
    };
  }
  return neighbours;
}
