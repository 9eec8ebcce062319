/**
 * The launcher's part in mapping our port in the home router: starts the gate, and tells it and the
 * engine's thread which gateway the routing table names.
 *
 * @module
 */

import { type BoundAddresses, type Clock, systemClock, type Timer } from "../base/mod.ts";
import type { EngineGate, GateSurroundings } from "./engine_gate.ts";
import { findGateway } from "./gateway.ts";
import type { ToEngine } from "./messages.ts";

/** Pause between two look-ups of the default gateway (ms). */
export const LOOK_MS = 60_000;

/** Surroundings of an engine's thread; replaced in tests. */
export interface RouterSurroundings extends GateSurroundings {
  clock: Clock;
  findGateway: typeof findGateway;
}

/**
 * Gives the engine's thread access to the home router, by the gate.
 *
 * @param gate the gate of the engine's thread, which is started
 * @param tell sends a message to the engine's thread
 * @param binding the addresses to which the gate is bound, if it is
 * @returns functions that look the gateway up at once, that start the gate again after its death,
 * and that end the look-ups
 */
export function giveRouter(
  gate: Pick<EngineGate, "start">,
  tell: (message: ToEngine) => void,
  surroundings: Partial<RouterSurroundings> = {},
  binding?: BoundAddresses,
): { look(): void; gateDied(): void; close(): void } {
  const { clock = systemClock, findGateway: find = findGateway } = surroundings;
  let timer: Timer | undefined;
  let isClosed = false;
  let last: string | undefined;
  const look = async () => {
    const [connection, found] = await Promise.all([gate.start(), find()]);
    // The default gateway may lie beyond another interface than ours.
    const isOurs = !binding || found?.localAddress === binding.ipv4;
    const gateway = isOurs ? found : undefined;
    if (isClosed) return;
    const text = `${gateway?.address} ${gateway?.localAddress}`;
    // Without a connection, the gate could not be started now.
    if (connection && text !== last) {
      last = text;
      // The gate learns of the gateway first, because the engine asks the gate at once.
      connection.setGateway(gateway?.address);
      tell({ kind: "gateway", gateway });
    }
    timer = clock.after(LOOK_MS, () => {
      timer = undefined;
      void look();
    });
  };
  void look();
  return {
    look() {
      // Without a timer, a look is under way.
      if (!timer) return;
      timer.cancel();
      timer = undefined;
      void look();
    },
    gateDied() {
      // The new gate knows no gateway.
      last = undefined;
      this.look();
    },
    close() {
      isClosed = true;
      timer?.cancel();
    },
  };
}
