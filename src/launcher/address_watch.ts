/**
 * Watches the addresses of this machine for a daemon: peers know the machine by an address that it
 * may lose. A suspended machine may wake up in another network, so a jump of the clock counts as a
 * change, too.
 *
 * @module
 */

import { type Clock, systemClock, type Timer } from "../base/mod.ts";

/** Pause between two looks at the addresses (ms). A look takes some 0.1 ms. */
export const ADDRESS_LOOK_MS = 5_000;
/** Delay of a look beyond the pause from which the machine counts as suspended (ms). */
export const SUSPENDED_MS = 30_000;

/**
 * Loopback and link-local addresses, whose changes do not count. No peer knows us by them, and
 * programs such as Docker make and remove interfaces that have nothing else.
 */
const LOCAL = /^(?:127\.|169\.254\.|::1$|fe[89ab])/i;

/** Facts about the machine; replaced in tests. */
export interface AddressSurroundings {
  clock: Clock;
  /** Returns the addresses of the interfaces that are up. */
  addresses: () => readonly Pick<Deno.NetworkInterfaceInfo, "address">[];
}

/**
 * Tells the addresses of this machine at once, after each change, and after the machine was
 * suspended.
 *
 * @param tell called with all addresses as text, in the order of the system
 * @returns a function that ends the watch
 */
export function watchAddresses(
  tell: (addresses: string[]) => void,
  surroundings: Partial<AddressSurroundings> = {},
): () => void {
  const { clock = systemClock, addresses = Deno.networkInterfaces } = surroundings;
  let last: string | undefined;
  let lookedMs = clock.now();
  let timer: Timer;
  const look = () => {
    const nowMs = clock.now();
    const wasSuspended = nowMs - lookedMs > ADDRESS_LOOK_MS + SUSPENDED_MS;
    lookedMs = nowMs;
    const now = addresses().map(({ address }) => address);
    // The order says nothing, and a system may change it.
    const found = now.filter((one) => !LOCAL.test(one)).toSorted().join(" ");
    if (found !== last || wasSuspended) tell(now);
    last = found;
    timer = clock.after(ADDRESS_LOOK_MS, look);
  };
  look();
  return () => timer.cancel();
}
