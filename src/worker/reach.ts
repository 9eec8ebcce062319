/**
 * Gathers in the engine's thread what shows whether peers outside can connect, and reacts to changes
 * of our address: the node id follows it (BEP 42), and torrents and records are announced again.
 *
 * @module
 */

import {
  type Clock,
  type Family,
  formatAddress,
  isPublic,
  isTestNetwork,
  parseAddress,
  peerAddressBytes,
  type TestNetworkSettings,
} from "../base/mod.ts";
import type { MachineAddresses } from "../launcher/mod.ts";
import {
  AddressVotes,
  type Incoming,
  isSameReachability,
  reachabilityOf,
  type ReachabilityStatus,
} from "../reachability/mod.ts";
import type { PortMappingStatus } from "../router/mod.ts";

/** The loopback address of IPv6, as operating systems write it. */
const LOOPBACK_6 = "::1";

/** Options of {@linkcode Reach}. */
export interface ReachOptions {
  clock: Clock;
  /** Port on which the engine listens, TCP and UDP. */
  port: number;
  /** Status of our port in the router; `undefined` if the router is not asked. */
  portMapping: () => PortMappingStatus | undefined;
  /** Status of our port in the router's firewall for IPv6; `undefined` if it is not asked. */
  pinhole: () => PortMappingStatus | undefined;
  /** Called when the finding has changed. Counts alone are no change. */
  onStatus: (status: ReachabilityStatus) => void;
  /** Called with the external address of a family, when it becomes known and when it changes. */
  onExternal: (address: string) => void;
  /** Called when a node or peer contradicts the majority: the address may have changed. */
  onDoubt: () => void;
  /** Called when peers know this machine by an address that it no longer has. */
  onMoved: () => void;
  /**
   * The addresses of this machine for which IPv6 is used. Default: public ones. A test network uses
   * the loopback address, or none.
   */
  usesIpv6For?: "public" | "loopback" | "none";
  /**
   * Called with whether IPv6 is to be used, whenever this machine tells its addresses.
   *
   * @param address the address from which to send; `undefined` if the system may choose it
   */
  onIpv6: (hasIpv6: boolean, address?: string) => void;
}

/** The measurements of this machine's reachability, and the status that follows from them. */
export class Reach {
  readonly #options: ReachOptions;
  readonly #votes4: AddressVotes;
  readonly #votes6: AddressVotes;
  #hostAddresses: readonly string[] | undefined;
  /** The lasting address of IPv6, if it is known. */
  #stableIpv6: string | undefined;
  #incoming: { 4: Incoming; 6: Incoming } = { 4: { connections: 0 }, 6: { connections: 0 } };
  /** Incoming connections before the network changed. */
  #earlierIncoming = 0;
  /** The external IPv4 address that `onExternal` got last. */
  #external: string | undefined;
  #told: ReachabilityStatus;

  constructor(options: ReachOptions) {
    this.#options = options;
    this.#votes4 = new AddressVotes(4, options.clock, () => this.#elected());
    this.#votes6 = new AddressVotes(6, options.clock, () => {
      const { address } = this.#votes6.external!;
      if (this.#isOwnIpv6(address)) options.onExternal(address);
      this.update();
    });
    this.#told = this.status;
  }

  /** The present finding. */
  get status(): ReachabilityStatus {
    return reachabilityOf({
      port: this.#options.port,
      hostAddresses: this.#hostAddresses,
      external4: this.#votes4.external,
      external6: this.#votes6.external,
      stableIpv6: this.#stableIpv6,
      earlierIncoming: this.#earlierIncoming,
      incoming4: { ...this.#incoming[4] },
      incoming6: { ...this.#incoming[6] },
      portMapping: this.#options.portMapping(),
      pinhole: this.#options.pinhole(),
    });
  }

  /**
   * Takes the addresses of this machine's interfaces, at the start and whenever they have changed or
   * the machine was suspended. After a move, all that was measured before is forgotten.
   *
   * @param found the lasting address of IPv6, if it is known, and whether the change is a move; the
   * first call is none
   */
  setHostAddresses(
    addresses: readonly string[],
    found: Partial<Pick<MachineAddresses, "stableIpv6" | "isMove">> = {},
  ): void {
    const hasMoved = this.#hostAddresses !== undefined && found.isMove !== false;
    this.#hostAddresses = addresses;
    if (hasMoved) {
      this.#votes4.clear();
      this.#votes6.clear();
      this.#forgetIncoming(4);
      this.#forgetIncoming(6);
    }
    const { usesIpv6For = "public", onIpv6 } = this.#options;
    const isUsed = (text: string) =>
      usesIpv6For === "public"
        ? isPublicOf(6, text)
        : usesIpv6For === "loopback" && text === LOOPBACK_6;
    this.#stableIpv6 = usesIpv6For === "public" ? found.stableIpv6 : undefined;
    onIpv6(addresses.some(isUsed), this.#stableIpv6);
    if (this.#stableIpv6 !== undefined) this.#options.onExternal(this.#stableIpv6);
    // A public address of an interface is external as long as the votes name no other.
    const own = addresses.find((text) => isPublicOf(4, text));
    if (own !== undefined && this.#votes4.external === undefined) this.#learn(own);
    if (hasMoved) this.#options.onMoved();
    this.update();
  }

  /** Takes the address at which a node or peer sees us; see {@linkcode AddressVotes.add}. */
  vote(voter: string, claim: Uint8Array): void {
    const variedBefore = this.#votes4.external?.portVaries;
    const contradicts = this.#votes4.add(voter, claim) || this.#votes6.add(voter, claim);
    if (this.#votes4.external?.portVaries !== variedBefore) this.update();
    if (contradicts) this.#options.onDoubt();
  }

  /** Whether a majority of nodes and peers agrees on our external address of a family. */
  knowsAddress(family: Family): boolean {
    return (family === 4 ? this.#votes4 : this.#votes6).external !== undefined;
  }

  /** Counts an incoming connection, if it comes from outside. */
  noteIncoming(host: string): void {
    const address = peerAddressBytes(host);
    if (!address || !isPublic(address) || this.#isOurs(formatAddress(address))) return;
    const family = address.length === 4 ? 4 : 6;
    const { connections } = this.#incoming[family];
    this.#incoming[family] = {
      connections: connections + 1,
      lastMs: this.#options.clock.now(),
    };
    if (connections === 0) this.update();
  }

  /** Reports the finding if it has changed. */
  update(): void {
    const { status } = this;
    if (isSameReachability(status, this.#told)) return;
    this.#told = status;
    this.#options.onStatus(status);
  }

  /**
   * Whether voters may be right about our address of IPv6. There is no NAT before a public address of
   * IPv6, so liars can only choose among the addresses that this machine has.
   */
  #isOwnIpv6(address: string): boolean {
    return this.#stableIpv6 === undefined
      ? this.#hostAddresses?.includes(address) === true
      : address === this.#stableIpv6;
  }

  /** Whether an address is our own: a router may return connections to its external address. */
  #isOurs(address: string): boolean {
    return address === this.#external || address === this.#votes6.external?.address ||
      this.#hostAddresses?.includes(address) === true;
  }

  /** Handles another external IPv4 address by majority. */
  #elected(): void {
    const { address } = this.#votes4.external!;
    const before = this.#external;
    this.#learn(address);
    if (before !== undefined && before !== address) {
      this.#forgetIncoming(4);
      this.#options.onMoved();
    }
    this.update();
  }

  /** Begins to count the incoming connections of a family anew. */
  #forgetIncoming(family: Family): void {
    this.#earlierIncoming += this.#incoming[family].connections;
    this.#incoming[family] = { connections: 0 };
  }

  #learn(address: string): void {
    if (address === this.#external) return;
    this.#external = address;
    this.#options.onExternal(address);
  }
}

function isPublicOf(family: Family, text: string): boolean {
  const address = parseAddress(text);
  return address?.length === (family === 4 ? 4 : 16) && isPublic(address);
}

/**
 * Returns the addresses for which a program with these bootstrap nodes uses IPv6. In a test network,
 * a node of IPv6 must find others on this machine, and may not send to the internet.
 */
export function ipv6Use(
  settings: TestNetworkSettings,
): NonNullable<ReachOptions["usesIpv6For"]> {
  if (!isTestNetwork(settings)) return "public";
  return settings.bootstrap.some(({ host }) => host === LOOPBACK_6) ? "loopback" : "none";
}
