/**
 * Client of a router's IPv6 firewall: the actions of WANIPv6FirewallControl:1 (UPnP IGD 2) that let
 * packets in to one address and port of ours. IPv6 needs no translation, so a pinhole has the same
 * address and port on both sides.
 *
 * @module
 */

import type { WanService } from "./description.ts";
import { badAnswer, RouterError } from "./errors.ts";
import type {
  CheckResult,
  ClientContext,
  Granted,
  Held,
  MappingClient,
  PortKind,
  Wanted,
} from "./protocol.ts";
import { call, refusal, type SoapArguments } from "./soap.ts";

/** Numbers of IANA for the transport protocols. */
const PROTOCOL_NUMBERS = { tcp: 6, udp: 17 } as const;
/** Error codes of WANIPv6FirewallControl:1, section 2.5; miniupnpd says 402 for an unknown id. */
const INVALID_ARGUMENTS = 402;
const FIREWALL_DISABLED = 702;
const NO_SUCH_ENTRY = 704;
const UNKNOWN_ID = [INVALID_ARGUMENTS, NO_SUCH_ENTRY];

/** A client of one router's firewall, for one IPv6 address of this machine. */
export class PinholeClient implements MappingClient {
  readonly protocol = "UPnP";
  readonly #context: ClientContext;
  readonly #service: WanService;
  readonly #localAddress: string;
  /** The router's ids of our pinholes, by kind and port. A router without a firewall names none. */
  readonly #ids = new Map<string, { id: string; leaseSeconds: number }>();

  /** @param localAddress IPv6 address to which the pinholes lead, in the form of `formatAddress` */
  constructor(context: ClientContext, service: WanService, localAddress: string) {
    this.#context = context;
    this.#service = service;
    this.#localAddress = localAddress;
  }

  /**
   * Asks whether the router lets programs open pinholes.
   *
   * @throws {RouterError} `ROUTER_REFUSED` if it filters, and opens none
   */
  async isFiltering(signal: AbortSignal): Promise<boolean> {
    const { values, error } = await this.#call("GetFirewallStatus", {}, signal);
    if (error) throw refusal("tell its firewall's status", error);
    if (values.get("FirewallEnabled") === "0") return false;
    if (values.get("InboundPinholeAllowed") !== "0") return true;
    throw new RouterError("ROUTER_REFUSED", "The router's firewall for IPv6 opens no pinholes", {
      result: "InboundPinholeNotAllowed",
    });
  }

  async map(wanted: Wanted, signal: AbortSignal): Promise<Granted> {
    const granted = {
      externalAddress: this.#localAddress,
      externalPort: wanted.internalPort,
      leaseSeconds: wanted.leaseSeconds,
    };
    if (!await this.isFiltering(signal)) {
      this.#ids.clear();
      return granted;
    }
    if (await this.#update(wanted, signal)) return granted;
    // The same pinhole of an earlier process is renewed, and keeps its id.
    const { values, error } = await this.#call("AddPinhole", {
      RemoteHost: "",
      RemotePort: 0,
      InternalClient: this.#localAddress,
      InternalPort: wanted.internalPort,
      Protocol: PROTOCOL_NUMBERS[wanted.kind],
      LeaseTime: wanted.leaseSeconds,
    }, signal);
    if (error?.code === FIREWALL_DISABLED) return granted;
    if (error) throw refusal(`let ${nameOf(wanted)} in`, error);
    const id = values.get("UniqueID") ?? "";
    if (!/^\d{1,5}$/.test(id)) throw badAnswer("it gives the pinhole no id");
    this.#ids.set(nameOf(wanted), { id, leaseSeconds: wanted.leaseSeconds });
    return granted;
  }

  /** Renews the pinholes, because a router need not tell whether it has one. */
  async check(
    held: readonly Held[],
    _externalAddress: string,
    signal: AbortSignal,
  ): Promise<CheckResult> {
    if (this.#ids.size === 0) return await this.isFiltering(signal) ? "lost" : "held";
    for (const one of held) {
      if (!await this.#update(one, signal)) return "lost";
    }
    return "held";
  }

  async unmap(held: Held, signal: AbortSignal): Promise<void> {
    const known = this.#ids.get(nameOf(held));
    if (!known) return;
    const { error } = await this.#call("DeletePinhole", { UniqueID: known.id }, signal);
    if (error && !UNKNOWN_ID.includes(error.code)) throw refusal("close a pinhole", error);
    this.#ids.delete(nameOf(held));
  }

  close(): void {}

  /** Renews a pinhole. Returns `false` if there is none, or the router has lost it. */
  async #update(of: Held, signal: AbortSignal): Promise<boolean> {
    const known = this.#ids.get(nameOf(of));
    if (!known) return false;
    const values = { UniqueID: known.id, NewLeaseTime: known.leaseSeconds };
    const { error } = await this.#call("UpdatePinhole", values, signal);
    if (!error) return true;
    if (!UNKNOWN_ID.includes(error.code)) throw refusal(`keep ${nameOf(of)} open`, error);
    this.#ids.delete(nameOf(of));
    return false;
  }

  #call(action: string, values: SoapArguments, signal: AbortSignal) {
    return call(this.#context, this.#service, action, values, signal);
  }
}

/** Names a pinhole: `TCP port 6881`. */
function nameOf({ kind, internalPort }: { kind: PortKind; internalPort: number }): string {
  return `${kind.toUpperCase()} port ${internalPort}`;
}
