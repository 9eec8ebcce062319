/**
 * The engine's port in the home router, in both families: a mapping for IPv4, and pinholes in the
 * firewall for IPv6.
 *
 * @module
 */

import type { Clock } from "../base/mod.ts";
import type { Gateway, PortMappingStatus, RouterTransport } from "../router/mod.ts";
import type { WorkerEvent, WorkerStatus } from "./protocol.ts";
import { RouterPort } from "./router_port.ts";

/** Length of the secret for the nonces of PCP, bytes. */
const SECRET_BYTES = 32;

/** Options of {@linkcode OpenedPorts.start}. */
export interface OpenedPortsOptions {
  /** Port on which the engine listens, TCP and UDP. */
  port: number;
  /** Secret from which the nonces of PCP are derived. Default: a random one. */
  secret?: Uint8Array;
  /** Called with each change, of the mapping for IPv4 or of the pinholes for IPv6. */
  onChange: (event: PortEvent) => void;
  /** Called when the router names another external IPv4 address than before. */
  onRouterAddress: () => void;
}

/** A change of the port in the router. */
export type PortEvent = Extract<WorkerEvent, { event: "port-mapping" | "pinhole" }>;

/** Keeps the engine's port open in the home router. */
export class OpenedPorts {
  readonly #ipv4: RouterPort;
  readonly #ipv6: RouterPort;
  #onChange: OpenedPortsOptions["onChange"] = () => {};
  #routerAddress: string | undefined;

  /** @param transport makes the sockets to the router; called once a family for each gate */
  constructor(clock: Clock, transport?: () => RouterTransport) {
    this.#ipv4 = new RouterPort(clock, transport);
    this.#ipv6 = new RouterPort(clock, transport);
  }

  /** Status of the mapping for IPv4; `undefined` while no gateway of IPv4 is asked for one. */
  get mapping(): PortMappingStatus | undefined {
    return this.#ipv4.status;
  }

  /** Status of the pinholes for IPv6; `undefined` while the launcher knows no gateway of IPv6. */
  get pinhole(): PortMappingStatus | undefined {
    return this.#ipv6.status;
  }

  /** Both as they stand in the worker's status. */
  get status(): Pick<WorkerStatus, "portMapping" | "pinhole"> {
    return { portMapping: this.mapping, pinhole: this.pinhole };
  }

  /** Port at which peers of IPv4 reach this machine: the router's external port, if it maps ours. */
  get announcedPort(): number | undefined {
    return this.#ipv4.announcedPort;
  }

  /** Sets the engine's port. The ports are opened when the gateways are set, too. */
  start({ port, secret, onChange, onRouterAddress }: OpenedPortsOptions): void {
    const both = { port, secret: secret ?? crypto.getRandomValues(new Uint8Array(SECRET_BYTES)) };
    this.#onChange = onChange;
    this.#ipv4.start({
      ...both,
      onChange: (status) => {
        onChange({ event: "port-mapping", status });
        const address = status.routerAddress;
        if (address === undefined || address === this.#routerAddress) return;
        this.#routerAddress = address;
        onRouterAddress();
      },
    });
    this.#ipv6.start({ ...both, onChange: (status) => onChange({ event: "pinhole", status }) });
  }

  /**
   * Sets the default gateways. Without one of IPv6 there is no network of IPv6, and no pinhole. A
   * gateway of IPv6 alone means that no route of IPv4 leads out, so that no mapping is asked for;
   * without both, a router may still answer UPnP.
   */
  setGateways(gateway: Gateway | undefined, gatewayIpv6: Gateway | undefined): void {
    if (gateway || !gatewayIpv6) this.#ipv4.setGateway(gateway);
    else if (this.#ipv4.status) {
      this.#ipv4.forget();
      this.#onChange({ event: "port-mapping", status: undefined });
    }
    if (gatewayIpv6) this.#ipv6.setGateway(gatewayIpv6);
    else if (this.#ipv6.status) {
      this.#ipv6.forget();
      this.#onChange({ event: "pinhole", status: undefined });
    }
  }

  /** Looks for changes of the gateways, and checks what is open, at once. */
  networkChanged(): void {
    this.#ipv4.networkChanged();
    this.#ipv6.networkChanged();
  }

  /** Ends the mapping and the pinholes, because the gate has died; see {@linkcode RouterPort.gateDied}. */
  gateDied(why: string): void {
    this.#ipv4.gateDied(why);
    if (this.#ipv6.status) this.#ipv6.gateDied(why);
  }

  /** Deletes the mapping and the pinholes, within two seconds. */
  async stop(): Promise<void> {
    await Promise.all([this.#ipv4.stop(), this.#ipv6.stop()]);
  }
}
