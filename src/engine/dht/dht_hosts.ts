/**
 * The DHT nodes of one engine: one of IPv4, and one of IPv6 (BEP 32) while this machine has an IPv6
 * address. Both have the same port number.
 *
 * @module
 */

import type { Family, Timer } from "../../base/mod.ts";
import type { Contact, DhtNode } from "../../dht/mod.ts";
import type { GateClient } from "../../gate/mod.ts";
import { DhtHost } from "./dht_host.ts";
import type { DhtHostOptions, DhtState } from "./dht_host_options.ts";
import type { UtpPort } from "../transport/mod.ts";
import { type KindTraffic, PacketCounts } from "../libraries/mod.ts";
import { RoundTrips } from "./round_trips.ts";
import { type Bucket, bucketsOf } from "./table_buckets.ts";
import { addTraffic, noTraffic, type Traffic } from "./traffic.ts";
import type { SocketFactory } from "./udp_socket.ts";

/** Options of {@linkcode DhtHosts}. */
export interface DhtHostsOptions extends Omit<DhtHostOptions, "family" | "other"> {
  /** Creates UDP sockets of IPv6. Default: sockets of the gate. */
  createSocket6?: SocketFactory;
  /** Returns the gate. Without a gate and `createSocket6`, there is no node of IPv6. */
  gate?: () => Pick<GateClient, "udp">;
  /** Whether the node of IPv4 may run. It may not if the program is bound to an IPv6 address. */
  hasIpv4: boolean;
}

/**
 * Time for which announcements wait for a new node of IPv6 to be answered, in milliseconds. What is
 * announced before is announced to the DHT of IPv4 alone, and once more when nodes of IPv6 answer.
 */
const SETTLE_MS = 5_000;

/** Why there is no node of IPv4. */
const NO_IPV4 = "libreseed is bound to an address of IPv6";

/** Status of the DHT node of one family. */
export interface FamilyStatus {
  state: DhtState;
  /** Node id, 40 hexadecimal digits. */
  nodeIdHex: string;
  /** Number of nodes in the routing table. */
  nodes: number;
  /** Traffic since the start, also of earlier nodes of the family. */
  traffic: Readonly<Traffic>;
}

/** The DHT node of one family: its routing table and its packets. */
export interface FamilyDetails {
  family: Family;
  /** Node id, 40 hexadecimal digits. */
  nodeIdHex: string;
  /** Number of nodes in the routing table. */
  nodes: number;
  /** The parts of the routing table that have nodes, the most distant nodes first. */
  buckets: Bucket[];
  /** Packets by kind since the start, also of earlier nodes of the family. */
  traffic: KindTraffic[];
}

/** Details of both DHT nodes, for the dashboard. */
export interface DhtDetails {
  families: FamilyDetails[];
  /** Median round trip of the last 256 answered queries, milliseconds; absent before the first. */
  roundTripMs?: number;
}

/** Owns the DHT nodes of both families. */
export class DhtHosts {
  readonly #options: DhtHostsOptions;
  readonly #four: DhtHost;
  #six: DhtHost | undefined;

  /** Called with the uTP side of the UDP socket of IPv6 when its node starts, and without at its end. */
  onUtp6: (port: UtpPort | undefined) => void = () => {};
  /** Called with the sender of each ST_SYN of uTP that is within the limits. */
  onSyn: (host: string, port: number) => void = () => {};
  /** Nodes of IPv6 for the next start of a node: those of an earlier run, or of the last node. */
  #known6: Contact[];
  /** Traffic of the nodes of IPv6 that have ended. */
  #past6 = noTraffic();
  readonly #counts: Record<Family, PacketCounts> = { 4: new PacketCounts(), 6: new PacketCounts() };
  readonly #roundTrips = new RoundTrips();
  #suspended: string | undefined;
  /** Whether it is known if a node of IPv6 is wanted. */
  #knowsIpv6: boolean;
  /** Runs while a new node of IPv6 is waited for. */
  #settling: Timer | undefined;
  readonly #bootstrap6: { host: string; port: number }[];

  constructor(options: DhtHostsOptions) {
    this.#options = options;
    this.#knowsIpv6 = !options.createSocket6 && !options.gate;
    this.#known6 = (options.knownNodes ?? []).filter(({ host }) => familyOf(host) === 6);
    this.#bootstrap6 = options.bootstrap.filter(({ host }) => familyOf(host) === 6);
    this.#four = new DhtHost({
      ...options,
      ...{ counts: this.#counts[4], roundTrips: this.#roundTrips },
      family: 4,
      other: () => this.#six?.krpc,
      bootstrap: options.bootstrap.filter(({ host }) => familyOf(host) === 4),
      knownNodes: options.knownNodes?.filter(({ host }) => familyOf(host) === 4),
      onState: () => this.#report(),
    });
    this.#four.utp.onSyn = (host, port) => this.onSyn(host, port);
    if (!options.hasIpv4) this.#four.suspend(NO_IPV4);
  }

  /** The node of IPv4, which WebTorrent is given. */
  get four(): DhtHost {
    return this.#four;
  }

  /**
   * State of the DHT as a whole: that of IPv4, unless it has no node here, or only nodes of IPv6 answer
   * or are known.
   */
  get state(): DhtState {
    const { state } = this.#four;
    if (!this.#options.hasIpv4) {
      return this.#six?.state ?? (this.#knowsIpv6 ? state : { state: "starting" });
    }
    const six = this.#six?.state;
    if (six?.state !== "on" || answers(state)) return state;
    return answers(six) || state.state === "on" && state.alone ? six : state;
  }

  /** Whether a DHT answers, and no new node of IPv6 is waited for. */
  get canAnnounce(): boolean {
    return answers(this.state) && !this.#settling;
  }

  /** Status of the node of one family; `undefined` if there is none. */
  status(family: Family): FamilyStatus | undefined {
    const host = family === 4 ? this.#four : this.#six;
    return host && {
      state: host.state,
      nodeIdHex: host.krpc.id.toHex(),
      nodes: host.krpc.nodes.count(),
      traffic: family === 6 ? addTraffic(host.traffic, this.#past6) : host.traffic,
    };
  }

  /** Routing tables, packets by kind, and round trip of the nodes that there are. */
  details(): DhtDetails {
    const { medianMs } = this.#roundTrips;
    const { clock, hasIpv4 } = this.#options;
    const hosts = [hasIpv4 ? this.#four : undefined, this.#six].filter((host) =>
      host !== undefined
    );
    return {
      families: hosts.map(({ family, krpc: { id, nodes } }) => ({
        ...{ family, nodeIdHex: id.toHex(), nodes: nodes.count() },
        buckets: bucketsOf(id, nodes.toArray(), clock.now()),
        traffic: this.#counts[family].rows(),
      })),
      ...(medianMs !== undefined && { roundTripMs: medianMs }),
    };
  }

  /**
   * Lends the nodes whose sockets are open. A silent DHT is left out if the other one answers, because
   * every operation would wait for its timeouts.
   */
  nodes(): DhtNode[] {
    const open = [this.#four, this.#six].filter((host) => host?.node() !== undefined);
    const answering = open.filter((host) => answers(host!.state));
    return (answering.length > 0 ? answering : open).map((host) => host!.node()!);
  }

  /**
   * Starts a node of IPv6 on a port if it is wanted and there is none, and ends it if it is wanted no
   * longer.
   *
   * @param localAddress address of this machine to which the socket is bound; default: all
   */
  async useIpv6(wanted: boolean, port: number, localAddress?: string): Promise<void> {
    const isFirst = !this.#knowsIpv6;
    this.#knowsIpv6 = true;
    if (wanted && this.#six) return await this.#rebind6(this.#six, localAddress);
    const { gate, clock, readOnly, onAddressVote, knowsAddress } = this.#options;
    const createSocket6 = this.#options.createSocket6 ?? (gate && socketsOf(gate));
    if (wanted === (this.#six !== undefined) || !createSocket6) {
      if (isFirst && !this.#options.hasIpv4) this.#report();
      return;
    }
    if (!wanted) {
      this.#settling?.cancel();
      this.#settling = undefined;
      // Before the socket is closed, so that peers are told of the end of their connections.
      this.onUtp6(undefined);
      this.#known6 = this.#six!.knownNodes();
      this.#six!.close();
      this.#past6 = addTraffic(this.#past6, this.#six!.traffic);
      this.#six = undefined;
      return this.#report();
    }
    this.#six = new DhtHost({
      ...{ clock, readOnly, onAddressVote, knowsAddress, localAddress },
      ...{ counts: this.#counts[6], roundTrips: this.#roundTrips },
      family: 6,
      other: () => this.#four.krpc,
      bootstrap: this.#bootstrap6,
      knownNodes: this.#known6,
      onState: () => this.#report(),
      createSocket: createSocket6,
    });
    this.#six.utp.onSyn = (host, port) => this.onSyn(host, port);
    if (this.#suspended !== undefined) this.#six.suspend(this.#suspended);
    this.#settle();
    this.onUtp6(this.#six.utp);
    await this.#six.open(port);
  }

  /** Moves the node of IPv6 to another address. Its uTP connections end, because peers know the old one. */
  async #rebind6(six: DhtHost, localAddress: string | undefined): Promise<void> {
    if (six.localAddress === localAddress) return;
    this.onUtp6(undefined);
    this.#settle();
    const opened = six.rebind(localAddress);
    this.onUtp6(six.utp);
    await opened;
  }

  /** Has announcements wait for the node of IPv6. */
  #settle(): void {
    this.#settling?.cancel();
    this.#settling = this.#options.clock.after(SETTLE_MS, () => {
      this.#settling = undefined;
      this.#report();
    });
  }

  /** Adds bootstrap addresses of both families; see {@linkcode DhtHost.addBootstrap}. */
  addBootstrap(addresses: { host: string; port: number }[]): void {
    const six = addresses.filter(({ host }) => familyOf(host) === 6);
    this.#bootstrap6.push(...six);
    this.#six?.addBootstrap(six);
    this.#four.addBootstrap(addresses.filter(({ host }) => familyOf(host) === 4));
  }

  /** Nodes of both families for the caller to save; see {@linkcode DhtHost.knownNodes}. */
  knownNodes(): Contact[] {
    return [...this.#four.knownNodes(), ...this.#six?.knownNodes() ?? this.#known6];
  }

  /**
   * Gives the node of the address's family an id that fits it; see
   * {@linkcode DhtHost.setExternalAddress}.
   */
  setExternalAddress(address: string): void {
    (familyOf(address) === 4 ? this.#four : this.#six)?.setExternalAddress(address);
  }

  /** See {@linkcode DhtHost.surveyAddress}. */
  surveyAddress(): void {
    this.#four.surveyAddress();
    this.#six?.surveyAddress();
  }

  /** See {@linkcode DhtHost.networkChanged}. */
  networkChanged(): void {
    this.#four.networkChanged();
    this.#six?.networkChanged();
  }

  /** Closes both sockets, and opens none until {@linkcode DhtHosts.resume}. */
  suspend(why: string): void {
    this.#suspended = why;
    if (this.#options.hasIpv4) this.#four.suspend(why);
    this.#six?.suspend(why);
  }

  /** Opens the sockets again after {@linkcode DhtHosts.suspend}. */
  resume(): void {
    this.#suspended = undefined;
    if (this.#options.hasIpv4) this.#four.resume();
    this.#six?.resume();
  }

  /** Closes both nodes; see {@linkcode DhtHost.close}. */
  close(): void {
    this.#settling?.cancel();
    this.#four.close();
    this.#six?.close();
  }

  #report(): void {
    if (this.#six && answers(this.#six.state)) {
      this.#settling?.cancel();
      this.#settling = undefined;
    }
    this.#options.onState?.(this.state);
  }
}

function socketsOf(gate: () => Pick<GateClient, "udp">): SocketFactory {
  return () => gate().udp();
}

/** Whether nodes answer in a DHT. */
function answers(state: DhtState): boolean {
  return state.state === "on" && !state.silent;
}

function familyOf(host: string): Family {
  return host.includes(":") ? 6 : 4;
}
