/**
 * The launcher's part in mapping our port in the home router: starts the gate, gives the engine's
 * thread a port to it, and tells both threads which gateway the routing table names.
 *
 * @module
 */

import { type Clock, isIPv4Host, systemClock, type Timer } from "../base/mod.ts";
import type { Settings } from "../config/mod.ts";
import type { connectGate, GateConnection } from "../gate/mod.ts";
import { findGateway } from "./gateway.ts";
import type { ToEngine } from "./messages.ts";

/** Pause between two look-ups of the default gateway (ms). */
export const LOOK_MS = 60_000;

/** Dependencies of {@linkcode giveRouter}; replaced in tests. */
export interface RouterSurroundings {
  clock: Clock;
  /** Starts the gate's thread. */
  connect: (...args: Parameters<typeof connectGate>) => GateConnection | Promise<GateConnection>;
  findGateway: typeof findGateway;
}

const system: RouterSurroundings = {
  clock: systemClock,
  // Loaded only here, because the gate's client loads modules of Node, which takes 30 ms.
  connect: async (...args) => (await import("../gate/mod.ts")).connectGate(...args),
  findGateway,
};

/**
 * Whether a daemon with these settings asks the home router to open the port. In a test network,
 * all nodes are on this machine, so no peer comes from outside and no packet may leave the machine.
 */
export function mapsPort({ portMapping, allowLocal, bootstrap }: Settings): boolean {
  const isTestNetwork = allowLocal &&
    bootstrap.every(({ host }) =>
      isIPv4Host(host) && host.startsWith("127.") || host === "localhost"
    );
  return portMapping && !isTestNetwork;
}

/**
 * Gives the engine's thread access to the home router. On a failure, the engine's thread is told
 * the reason, and goes on without the router.
 *
 * @param tell sends a message to the engine's thread
 * @returns a function that ends the gate
 */
export function giveRouter(
  allowLocal: boolean,
  tell: (message: ToEngine, transfer?: Transferable[]) => void,
  surroundings: Partial<RouterSurroundings> = {},
): () => void {
  const { clock, connect, findGateway } = { ...system, ...surroundings };
  let gate: GateConnection | undefined;
  let timer: Timer | undefined;
  let isClosed = false;
  const close = () => {
    isClosed = true;
    timer?.cancel();
    gate?.terminate();
  };
  const fail = (error: unknown) => {
    if (isClosed) return;
    close();
    tell({ kind: "gate-died", why: (error as Error).message });
  };
  let last: string | undefined;
  const look = async () => {
    const gateway = await findGateway();
    if (isClosed) return;
    const found = `${gateway?.address} ${gateway?.localAddress}`;
    if (found !== last) {
      last = found;
      // The gate learns of the gateway first, because the engine asks the gate at once.
      gate!.setGateway(gateway?.address);
      tell({ kind: "gateway", gateway });
    }
    timer = clock.after(LOOK_MS, () => void look().catch(fail));
  };
  const open = async () => {
    gate = await connect({ allowLocal, interfaces: [] }, fail);
    if (isClosed) return gate.terminate();
    const port = gate.open();
    tell({ kind: "gate", port }, [port]);
    await look();
  };
  open().catch(fail);
  return close;
}
