/**
 * The launcher's part in mapping our port in the home router: starts the gate, and tells it and the
 * engine's thread which gateways the routing table names.
 *
 * @module
 */

import { type BoundAddresses, type Clock, systemClock, type Timer } from "../base/mod.ts";
import type { EngineGate, GateSurroundings } from "./engine_gate.ts";
import { type DefaultGateway, findGateway, findGatewayIpv6 } from "./gateway.ts";
import type { ToEngine } from "./messages.ts";

/** Pause between two look-ups of the default gateway (ms). */
export const LOOK_MS = 60_000;

/** Surroundings of an engine's thread; replaced in tests. */
export interface RouterSurroundings extends GateSurroundings {
  clock: Clock;
  findGateway: typeof findGateway;
  findGatewayIpv6: typeof findGatewayIpv6;
}

/**
 * Gives the engine's thread access to the home router, by the gate.
 *
 * @param gate the gate of the engine's thread, which is started
 * @param tell sends a message to the engine's thread
 * @param binding the addresses to which the gate is bound, if it is
 * @returns `look` looks the gateways up at once, with the lasting address of IPv6 if it is known;
 * `gateDied` starts the gate again after its death; `close` ends the look-ups
 */
export function giveRouter(
  gate: Pick<EngineGate, "start">,
  tell: (message: ToEngine) => void,
  surroundings: Partial<RouterSurroundings> = {},
  binding?: BoundAddresses,
): { look(stableIpv6?: string): void; gateDied(): void; close(): void } {
  const system = { clock: systemClock, findGateway, findGatewayIpv6 };
  const { clock, ...find } = { ...system, ...surroundings };
  let timer: Timer | undefined;
  let isClosed = false;
  let last: string | undefined;
  let lasting: string | undefined;
  /** Whether the lasting address has changed during a look. */
  let isAgain = false;
  const look = async () => {
    const [connection, ...found] = await Promise.all([
      gate.start(),
      find.findGateway(),
      find.findGatewayIpv6(),
    ]);
    // The default gateway may lie beyond another interface than ours.
    const ours = (one: DefaultGateway | undefined, bound: string | undefined) =>
      binding && one?.localAddress !== bound ? undefined : one;
    const gateway = ours(found[0], binding?.ipv4);
    // The router has to let in what comes to our lasting address, not to a temporary one.
    const gatewayIpv6 = withLasting(ours(found[1], binding?.ipv6), binding ? undefined : lasting);
    if (isClosed) return;
    const text = JSON.stringify([gateway, gatewayIpv6]);
    // Without a connection, the gate could not be started now.
    if (connection && text !== last) {
      last = text;
      // The gate learns of the gateways first, because the engine asks the gate at once.
      connection.setGateways({
        ...(gateway && { ipv4: gateway.address }),
        ...(gatewayIpv6 && { ipv6: gatewayIpv6 }),
      });
      tell({ kind: "gateways", gateway, gatewayIpv6 });
    }
    const pauseMs = isAgain ? 0 : LOOK_MS;
    isAgain = false;
    timer = clock.after(pauseMs, () => {
      timer = undefined;
      void look();
    });
  };
  void look();
  return {
    look(stableIpv6) {
      const isOther = stableIpv6 !== lasting;
      lasting = stableIpv6;
      // Without a timer, a look is under way.
      if (!timer) isAgain ||= isOther;
      if (!timer) return;
      timer.cancel();
      timer = undefined;
      void look();
    },
    gateDied() {
      // The new gate knows no gateway.
      last = undefined;
      this.look(lasting);
    },
    close() {
      isClosed = true;
      timer?.cancel();
    },
  };
}

function withLasting(
  gateway: DefaultGateway | undefined,
  lasting: string | undefined,
): DefaultGateway | undefined {
  return gateway && lasting !== undefined ? { ...gateway, localAddress: lasting } : gateway;
}
