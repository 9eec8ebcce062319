/**
 * Tells the user when the home router has opened our port, when it has not, and when it has closed
 * the port. Repeated attempts with the same result are reported once.
 *
 * @module
 */

import { type Family, formatHostPort } from "../base/mod.ts";
import type { PortMapping, PortMappingStatus } from "../router/mod.ts";
import type { HostListeners } from "./options.ts";

/** Receives each status of our port in the home router, and reports changes to the user. */
export class PortWatch {
  readonly #listeners: Pick<HostListeners, "onNotice" | "onWarning">;
  readonly #family: Family;
  #mapping: PortMapping | undefined;
  #saidUnmapped = false;

  /** @param family family of the addresses at which peers come in */
  constructor(listeners: Pick<HostListeners, "onNotice" | "onWarning">, family: Family) {
    this.#listeners = listeners;
    this.#family = family;
  }

  /** Receives the current status. */
  readonly hear = (status: PortMappingStatus | undefined): void => {
    const { mapping, error } = status ?? {};
    const { onNotice, onWarning } = this.#listeners;
    const what = this.#family === 4 ? "a port" : "a port of IPv6";
    const before = this.#mapping;
    this.#mapping = mapping;
    if (mapping) {
      this.#saidUnmapped = false;
      const text = describeMapping(mapping);
      if (before && describeMapping(before) === text) return;
      onNotice(`the router has opened ${what}: ${text}`);
    } else if (error?.code === "GATE_DIED") {
      // The engine's thread has reported it, and the mapping is taken up by the next gate.
      return;
    } else if (before) {
      const why = error?.message ?? "the gateway is another one";
      this.#saidUnmapped = true;
      onWarning(`the router no longer keeps ${what} open: ${why}`);
    } else if (error && !this.#saidUnmapped) {
      this.#saidUnmapped = true;
      onNotice(
        `no router has opened ${what}: ${error.message}. ${
          this.#family === 4
            ? "Peers outside cannot connect, unless this machine has a public address or the port is " +
              "forwarded by hand"
            : "Peers outside cannot connect over IPv6, unless the router keeps nothing out"
        }`,
      );
    }
  };
}

/** Describes a mapping: `198.51.100.7:6881 by PCP`, `[2001:db8::7]:6881 by UPnP`. */
function describeMapping(mapping: PortMapping): string {
  const { externalAddress, externalPort, externalUdpPort, protocol } = mapping;
  const udp = externalUdpPort === externalPort
    ? ""
    : externalUdpPort === undefined
    ? ", TCP only"
    : `, UDP ${externalUdpPort}`;
  const place = formatHostPort({ host: externalAddress, port: externalPort });
  return `${place} by ${protocol}${udp}`;
}
