/**
 * Watches the addresses of this machine for a daemon: peers know the machine by an address that it
 * may lose. A suspended machine may wake up in another network, so a jump of the clock counts as a
 * change, too.
 *
 * @module
 */

import { type Clock, isPublic, parseAddress, systemClock, type Timer } from "../base/mod.ts";
import { examineIpv6, type Ipv6Addresses } from "./ipv6_addresses.ts";
import type { MachineAddresses } from "./messages.ts";

/** Pause between two looks at the addresses (ms). A look takes some 0.1 ms. */
export const ADDRESS_LOOK_MS = 5_000;
/** The machine counts as suspended if a look is late by more than this (ms). */
export const SUSPENDED_MS = 30_000;

/**
 * Loopback and link-local addresses, whose changes do not count. No peer knows us by them, and
 * programs such as Docker make and remove interfaces that have nothing else.
 */
const LOCAL = /^(?:127\.|169\.254\.|::1$|fe[89ab])/i;

/**
 * Number of looks from one examination of IPv6 to the next while no address changes. Each
 * examination starts a program.
 */
export const LOOKS_PER_EXAMINATION = 12;

/** Facts about the machine; replaced in tests. */
export interface AddressSurroundings {
  clock: Clock;
  /** Returns the addresses of the interfaces that are up. */
  addresses: () => readonly Pick<Deno.NetworkInterfaceInfo, "address">[];
  examineIpv6: typeof examineIpv6;
}

const NO_IPV6: Ipv6Addresses = { stable: undefined, temporary: new Set(), isTentative: false };

/**
 * Tells the addresses of this machine at once, after each change, and after the machine was
 * suspended. A change of temporary IPv6 addresses alone (RFC 8981) is no move, because others know
 * us by a lasting address.
 *
 * @param tell called with all addresses as text, in the order of the system
 * @returns a function that ends the watch
 */
export function watchAddresses(
  tell: (found: MachineAddresses) => void,
  surroundings: Partial<AddressSurroundings> = {},
): () => void {
  const { clock = systemClock, addresses = Deno.networkInterfaces } = surroundings;
  const examine = surroundings.examineIpv6 ?? examineIpv6;
  let last: { all: string; lasting: string; ipv6: Ipv6Addresses } | undefined;
  let lookedMs = clock.now();
  let looks = 0;
  let timer: Timer | undefined;
  let isClosed = false;
  const look = async () => {
    const nowMs = clock.now();
    const wasSuspended = nowMs - lookedMs > ADDRESS_LOOK_MS + SUSPENDED_MS;
    lookedMs = nowMs;
    const now = addresses().map(({ address }) => address);
    const all = lineOf(now);
    const hasChanged = all !== last?.all || wasSuspended;
    let ipv6 = last?.ipv6 ?? NO_IPV6;
    if (hasChanged || ipv6.isTentative || ++looks % LOOKS_PER_EXAMINATION === 0) {
      ipv6 = now.some(isPublicIpv6) ? await examine() : NO_IPV6;
    }
    if (isClosed) return;
    const lasting = lineOf(now.filter((one) => !ipv6.temporary.has(one)));
    const { stable } = ipv6;
    const isMove = lasting !== last?.lasting || stable !== last.ipv6.stable || wasSuspended;
    if (isMove || hasChanged) tell({ addresses: now, stableIpv6: stable, isMove });
    last = { all, lasting, ipv6 };
    timer = clock.after(ADDRESS_LOOK_MS, () => void look());
  };
  void look();
  return () => {
    isClosed = true;
    timer?.cancel();
  };
}

/** Returns the addresses that count, as one text, sorted: a system may list them in any order. */
function lineOf(addresses: readonly string[]): string {
  return addresses.filter((one) => !LOCAL.test(one)).toSorted().join(" ");
}

function isPublicIpv6(text: string): boolean {
  const address = parseAddress(text);
  return address?.length === 16 && isPublic(address);
}
