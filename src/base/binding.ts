/**
 * Finds the addresses that the setting `bind` stands for, among those of this machine.
 *
 * @module
 */

import { formatAddress, parseAddress } from "./ip_address.ts";

/** An address of a network interface, as `Deno.networkInterfaces` tells. */
export type InterfaceAddress = Pick<Deno.NetworkInterfaceInfo, "name" | "family" | "address">;

/** The addresses of this machine to which all sockets are bound, at most one of each family. */
export interface BoundAddresses {
  /** IPv4 address in dotted form. */
  ipv4?: string;
  /** IPv6 address in the form of RFC 5952. */
  ipv6?: string;
}

/** The network interface that the setting `bind` stands for, and its addresses. */
export interface Binding extends BoundAddresses {
  /** The setting: an address or the name of an interface. */
  name: string;
  /** Name of the interface that has the addresses. */
  interface: string;
}

const LOOPBACK = /^127\./;
/** Link-local addresses of IPv6 (RFC 4291, section 2.5.6). No peer on the internet reaches them. */
const LINK_LOCAL = /^fe[89ab]/i;

/**
 * Whether the addresses of a binding can be used.
 *
 * - `bound`: they can
 * - `lost`: they are gone, or packets from them would leave by another interface; `why` completes a
 *   message
 * - `moved`: the interface has other addresses now, and the engine has to be started anew
 */
export type BindingState = { state: "bound" } | { state: "lost" | "moved"; why: string };

/** A binding and its state, or the reason for which the machine has no such address or interface. */
export type FoundBinding = { binding: Binding; state: BindingState } | { problem: string };

/**
 * Finds the addresses that a setting stands for. An address stands for itself; the name of an
 * interface for the first address of each family, without link-local addresses of IPv6.
 *
 * @param name an IP address or the name of a network interface
 * @param all the addresses of this machine's interfaces that are up
 * @returns `problem` completes a message that begins with the name of the setting
 */
export function findBinding(
  name: string,
  all: readonly InterfaceAddress[],
): Binding | { problem: string } {
  const bytes = parseAddress(name);
  if (!bytes) return bindingOfInterface(name, all);
  const address = formatAddress(bytes);
  // All of 127.0.0.0/8 is ours, but the system lists one address of it only.
  const owner = all.find((one) => one.address === address) ??
    all.find((one) => LOOPBACK.test(address) && LOOPBACK.test(one.address));
  if (!owner) {
    return { problem: `${name} is not an address of this machine, which has ${list(all)}` };
  }
  const { name: ofInterface } = owner;
  return { name, interface: ofInterface, [bytes.length === 4 ? "ipv4" : "ipv6"]: address };
}

function bindingOfInterface(
  name: string,
  all: readonly InterfaceAddress[],
): Binding | { problem: string } {
  const ofName = all.filter((one) => one.name === name);
  if (ofName.length === 0) {
    return {
      problem: `this machine has no network interface ${name} that is up and has an address; ` +
        `it has ${list(all)}`,
    };
  }
  const ipv4 = ofName.find(({ family }) => family === "IPv4")?.address;
  const ipv6 = ofName.find(({ family, address }) => family === "IPv6" && !LINK_LOCAL.test(address))
    ?.address;
  if (ipv4 === undefined && ipv6 === undefined) {
    return { problem: `the network interface ${name} has link-local addresses only` };
  }
  return {
    name,
    interface: name,
    ...(ipv4 !== undefined && { ipv4 }),
    ...(ipv6 !== undefined && { ipv6 }),
  };
}

function list(all: readonly InterfaceAddress[]): string {
  return all.map(({ name, address }) => `${name} ${address}`).join(", ") || "none";
}

/** Whether two bindings have the same addresses. */
export function isSameBinding(a: BoundAddresses, b: BoundAddresses): boolean {
  return a.ipv4 === b.ipv4 && a.ipv6 === b.ipv6;
}

/** Describes the addresses of a binding: `10.8.0.6 and fd00::6 of tun0`. */
export function describeBinding({ ipv4, ipv6, interface: ofInterface }: Binding): string {
  const addresses = [ipv4, ipv6].filter((address) => address !== undefined).join(" and ");
  return `${addresses} of ${ofInterface}`;
}
