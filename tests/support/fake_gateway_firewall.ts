/**
 * The firewall for IPv6 of a {@linkcode FakeGateway}: the actions of WANIPv6FirewallControl:1. Pinholes
 * stand in the router's list like mappings.
 *
 * @module
 */

import type { FakeGateway } from "./fake_gateway.ts";

const KINDS: Record<string, string> = { "6": "tcp", "17": "udp" };

/** The firewall of a router. */
export class FakeFirewall {
  readonly #gateway: FakeGateway;
  /** Keys in the router's list by the ids of pinholes. */
  readonly #ids = new Map<string, string>();

  constructor(gateway: FakeGateway) {
    this.#gateway = gateway;
  }

  /** Does an action. Returns the values of its answer, or the code of an error. */
  act(action: string, values: Map<string, string>): number | Record<string, string | number> {
    const { isOn, opensPinholes } = this.#gateway.igd.behaviour.firewall;
    if (action === "GetFirewallStatus") {
      return { FirewallEnabled: Number(isOn), InboundPinholeAllowed: Number(opensPinholes) };
    }
    if (!isOn) return 702;
    if (!opensPinholes) return 703;
    if (action === "AddPinhole") return { UniqueID: this.#add(values) };
    const id = values.get("UniqueID")!;
    const key = this.#ids.get(id);
    const entry = key === undefined ? undefined : this.#gateway.find(key);
    if (!entry) return 704;
    if (action === "DeletePinhole") this.#gateway.mappings.delete(key!);
    else if (action === "UpdatePinhole") {
      entry.endsAtMs = this.#endOf(Number(values.get("NewLeaseTime")));
    } else return 401;
    return {};
  }

  #add(values: Map<string, string>): string {
    const port = values.get("InternalPort")!;
    const key = `${KINDS[values.get("Protocol")!]} ${port}`;
    const client = values.get("InternalClient")!;
    const name = `${key} ${client}`;
    // The key of a pinhole in the list has no address, so a second address displaces the first.
    this.#gateway.mappings.set(key, {
      client,
      internalPort: Number(port),
      endsAtMs: this.#endOf(Number(values.get("LeaseTime"))),
    });
    const id = String([...this.#names.add(name)].indexOf(name) + 1);
    this.#ids.set(id, key);
    return id;
  }

  readonly #names = new Set<string>();

  #endOf(seconds: number): number {
    const granted = this.#gateway.behaviour.grantedSeconds ?? seconds;
    return this.#gateway.clock.now() + 1_000 * granted;
  }
}
