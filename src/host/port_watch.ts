/**
 * Tells the user when the home router has opened our port, when it has not, and when it has closed
 * the port. Repeated attempts with the same result are reported once.
 *
 * @module
 */

import type { PortMapping, PortMappingStatus } from "../router/mod.ts";
import type { HostListeners } from "./options.ts";

/** Receives each status of our port in the home router, and reports changes to the user. */
export class PortWatch {
  readonly #listeners: Pick<HostListeners, "onNotice" | "onWarning">;
  #mapping: PortMapping | undefined;
  #saidUnmapped = false;

  constructor(listeners: Pick<HostListeners, "onNotice" | "onWarning">) {
    this.#listeners = listeners;
  }

  /** Receives the current status. */
  readonly hear = ({ mapping, error }: PortMappingStatus): void => {
    const { onNotice, onWarning } = this.#listeners;
    const before = this.#mapping;
    this.#mapping = mapping;
    if (mapping) {
      this.#saidUnmapped = false;
      const text = describeMapping(mapping);
      if (before && describeMapping(before) === text) return;
      onNotice(`the router has opened a port: ${text}`);
    } else if (error?.code === "GATE_DIED") {
      // The engine's thread has reported it, and the mapping is taken up by the next gate.
      return;
    } else if (before) {
      const why = error?.message ?? "the gateway is another one";
      this.#saidUnmapped = true;
      onWarning(`the router no longer keeps a port open: ${why}`);
    } else if (error && !this.#saidUnmapped) {
      this.#saidUnmapped = true;
      onNotice(
        `no router has opened a port: ${error.message}. Peers outside cannot connect, unless this ` +
          "machine has a public address or the port is forwarded by hand",
      );
    }
  };
}

/** Describes a mapping: `198.51.100.7:6881 by PCP`. */
function describeMapping(mapping: PortMapping): string {
  const { externalAddress, externalPort, externalUdpPort, protocol } = mapping;
  const udp = externalUdpPort === externalPort
    ? ""
    : externalUdpPort === undefined
    ? ", TCP only"
    : `, UDP ${externalUdpPort}`;
  return `${externalAddress}:${externalPort} by ${protocol}${udp}`;
}
