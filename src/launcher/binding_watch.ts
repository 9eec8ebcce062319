/**
 * Watches the addresses to which the engine's sockets are bound. Linux sends nothing from an address
 * that the machine has lost. But as long as the machine has the address, the routing table decides by
 * which interface packets leave. So the engine stops if the route leads by another interface.
 *
 * @module
 */

import {
  type Binding,
  type BindingState,
  type Clock,
  findBinding,
  type FoundBinding,
  type InterfaceAddress,
  isLoopback,
  isSameBinding,
  parseAddress,
  systemClock,
  type Timer,
} from "../base/mod.ts";
import { findExit } from "./gateway.ts";

/** Pause between two looks at the addresses (ms). A look takes some 0.1 ms. */
export const LOOK_MS = 1_000;
/** Number of looks between two look-ups of the route, which start a program. */
export const LOOKS_PER_ROUTE = 5;

/** Facts about the machine; replaced in tests. */
export interface BindingSurroundings {
  clock: Clock;
  /** Returns the addresses of the interfaces that are up. */
  interfaces: () => readonly InterfaceAddress[];
  findExit: typeof findExit;
}

const system: BindingSurroundings = {
  clock: systemClock,
  interfaces: Deno.networkInterfaces,
  findExit,
};

/** Finds the addresses that the setting `bind` stands for, and whether they can be used now. */
export async function examineBinding(
  bind: string,
  { interfaces, findExit }: Pick<BindingSurroundings, "interfaces" | "findExit"> = system,
): Promise<FoundBinding> {
  const binding = findBinding(bind, interfaces());
  if ("problem" in binding) return binding;
  return { binding, state: await misrouted(binding, findExit) ?? { state: "bound" } };
}

/**
 * Watches a binding, and tells each change of its state.
 *
 * @param first the state at the start
 * @returns a function that ends the watch
 */
export function watchBinding(
  binding: Binding,
  first: BindingState,
  tell: (state: BindingState) => void,
  surroundings: Partial<BindingSurroundings> = {},
): () => void {
  const { clock, interfaces, findExit } = { ...system, ...surroundings };
  let last = JSON.stringify(first);
  let route: BindingState | undefined = first.state === "bound" ? undefined : first;
  let looks = 0;
  let timer: Timer;
  let isClosed = false;
  const look = async () => {
    const gone = missing(binding, interfaces());
    // After a change, the route is looked up at once.
    if (gone) looks = 0;
    else if (looks++ % LOOKS_PER_ROUTE === 0) route = await misrouted(binding, findExit);
    if (isClosed) return;
    const state = gone ?? route ?? { state: "bound" };
    if (JSON.stringify(state) !== last) tell(state);
    last = JSON.stringify(state);
    timer = clock.after(LOOK_MS, () => void look());
  };
  timer = clock.after(LOOK_MS, () => void look());
  return () => {
    isClosed = true;
    timer.cancel();
  };
}

/** Tells whether addresses of a binding are gone; `undefined` if all are there. */
function missing(binding: Binding, all: readonly InterfaceAddress[]): BindingState | undefined {
  const hasAll = [binding.ipv4, binding.ipv6].every((address) => {
    if (address === undefined) return true;
    const found = findBinding(address, all);
    return "interface" in found && found.interface === binding.interface;
  });
  if (hasAll) return undefined;
  const now = findBinding(binding.name, all);
  if ("problem" in now) return { state: "lost", why: now.problem };
  if (isSameBinding(now, binding)) {
    return { state: "lost", why: `${binding.name} is an address of ${now.interface} now` };
  }
  const has = [now.ipv4, now.ipv6].filter((address) => address !== undefined).join(" and ");
  return { state: "moved", why: `${binding.name} has the address ${has} now` };
}

/** Tells whether packets from the addresses would leave by another interface. */
async function misrouted(
  { ipv4, ipv6, interface: own }: Binding,
  exitOf: typeof findExit,
): Promise<BindingState | undefined> {
  for (const address of [ipv4, ipv6]) {
    if (address === undefined || isLoopback(parseAddress(address)!)) continue;
    const exit = await exitOf(address);
    if (exit === undefined || exit === own) continue;
    return {
      state: "lost",
      why: `packets from ${address} would leave by ${exit}, because the route leads there`,
    };
  }
  return undefined;
}
