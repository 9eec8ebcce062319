/**
 * Keeps our port mapped in the router as long as the daemon runs. Renews the mappings at half the
 * lease, and checks each minute that the router still has them. Starts over when the gateway
 * changes or the router stops answering. Deletes the mappings at the end.
 *
 * @module
 */

import { type Clock, delay } from "../base/mod.ts";
import { establish } from "./establish.ts";
import type { ClientContext, Held, MappingClient, PortKind } from "./protocol.ts";
import { errorData, type PortMapping, type PortMappingStatus, sameMapping } from "./status.ts";
import type { Gateway } from "./transport.ts";

/**
 * Requested lease, seconds. After a kill, the mapping stays in the router no longer than this,
 * unless the router makes only permanent mappings.
 */
export const LEASE_SECONDS = 3_600;
/** Pause between two checks of mappings and gateway (ms). */
export const CHECK_MS = 60_000;
/** Pause after a check or a renewal that failed (ms). */
export const RETRY_MS = 10_000;
/** Consecutive failures after which the search for the router starts over. */
const MAX_FAILURES = 3;
/** Minimum pause between two renewals (ms), for routers that grant a very short lease. */
const MIN_RENEWAL_MS = 30_000;
/**
 * Back-off after a search that made no mapping: first and longest pause (ms), doubled each time.
 */
const FIRST_SEARCH_PAUSE_MS = 15_000;
const LAST_SEARCH_PAUSE_MS = 15 * 60_000;
/** Time limit for deleting the mappings at the end (ms). */
const UNMAP_TIMEOUT_MS = 2_000;

/** Options of a {@linkcode PortMapper}. */
export interface PortMapperOptions extends ClientContext {
  /** Port of this machine, TCP and UDP. The gateway's family decides for which family it is opened. */
  port: number;
  /** Returns the default gateway; `undefined` if it is unknown. */
  findGateway: () => Promise<Gateway | undefined>;
  /** Called after each change of the status. */
  onChange: (status: PortMappingStatus) => void;
}

/** The mapped ports of one client. */
interface Kept {
  client: MappingClient;
  mapping: PortMapping;
  held: Held[];
  renewAtMs: number;
  /** Time at which the shortest lease ends, Unix milliseconds. */
  endsAtMs: number;
}

/** Keeps one port of this machine mapped in the router, TCP and UDP. */
export class PortMapper {
  readonly #options: PortMapperOptions;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #abandoning = new Set<Promise<void>>();
  #running: Promise<void> = Promise.resolve();
  #kept: Kept | undefined;
  #status: PortMappingStatus;
  /** External port of the last mapping. The next search requests this port first. */
  #lastExternalPort: number;
  /** External address that a router without a mapping has told. */
  #routerAddress: string | undefined;
  #hurry = () => {};
  /** Whether the network has changed since the last pause. */
  #isHurried = false;

  constructor(options: PortMapperOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#status = { sinceMs: options.clock.now() };
    this.#lastExternalPort = options.port;
  }

  get status(): PortMappingStatus {
    return this.#status;
  }

  /** Starts mapping. Never throws; failures are in the status. */
  start(): void {
    this.#running = this.#run(this.#stopping.signal);
  }

  /** Looks for a change of the gateway at once, for example after an address has changed. */
  networkChanged(): void {
    this.#isHurried = true;
    this.#hurry();
  }

  /** Deletes the mappings within {@linkcode UNMAP_TIMEOUT_MS}, and stops. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    if (this.#kept) this.#abandon(this.#kept.client, this.#kept.held);
    this.#kept = undefined;
    await Promise.all(this.#abandoning);
  }

  async #run(signal: AbortSignal): Promise<void> {
    let pauseMs = FIRST_SEARCH_PAUSE_MS;
    let gateway: Gateway | undefined;
    while (!signal.aborted) {
      try {
        gateway = await this.#findGateway(undefined);
        this.#routerAddress = undefined;
        if (signal.aborted) return;
        const kept = await establish(
          this.#options,
          gateway,
          (client) => this.#mapFirst(client, signal),
          signal,
        );
        pauseMs = FIRST_SEARCH_PAUSE_MS;
        await this.#keep(kept, gateway, signal);
        continue;
      } catch (error) {
        if (signal.aborted) return;
        this.#tell(undefined, error);
      }
      await this.#pauseWhile(gateway, pauseMs, signal);
      pauseMs = Math.min(2 * pauseMs, LAST_SEARCH_PAUSE_MS);
    }
  }

  /** Maps both ports by a client that has just been found. */
  async #mapFirst(client: MappingClient, signal: AbortSignal): Promise<Kept> {
    try {
      return this.#kept = await this.#mapBoth(client, undefined, signal);
    } catch (error) {
      this.#routerAddress = client.toldAddress;
      const { port: internalPort } = this.#options;
      const held: Held = { kind: "tcp", internalPort, externalPort: this.#lastExternalPort };
      const isRefused = (error as { code?: unknown }).code === "ROUTER_REFUSED";
      // The router may have mapped the port although its answer did not come or was not valid.
      this.#abandon(client, isRefused ? [] : [held]);
      throw error;
    }
  }

  /** Maps TCP, then UDP to the same external port if the router agrees. UDP may fail. */
  async #mapBoth(
    client: MappingClient,
    before: Kept | undefined,
    signal: AbortSignal,
  ): Promise<Kept> {
    const wanted = (kind: PortKind, externalPort: number) => ({
      kind,
      internalPort: this.#options.port,
      externalPort,
      leaseSeconds: LEASE_SECONDS,
    });
    const tcp = await client.map(wanted("tcp", this.#lastExternalPort), signal);
    this.#lastExternalPort = tcp.externalPort;
    let udp;
    try {
      udp = await client.map(wanted("udp", tcp.externalPort), signal);
    } catch (error) {
      if (signal.aborted) {
        const { externalPort } = tcp;
        this.#abandon(client, [wanted("tcp", externalPort), wanted("udp", externalPort)]);
        throw error;
      }
    }
    const held: Held[] = [wanted("tcp", tcp.externalPort)];
    if (udp) held.push(wanted("udp", udp.externalPort));
    // Renew by the requested lease, even if the router claims to grant a longer one.
    const leaseMs = 1_000 *
      Math.min(tcp.leaseSeconds, udp?.leaseSeconds ?? Infinity, LEASE_SECONDS);
    const mapping: PortMapping = {
      protocol: client.protocol,
      externalAddress: tcp.externalAddress,
      externalPort: tcp.externalPort,
      ...(udp && { externalUdpPort: udp.externalPort }),
    };
    const now = this.#clock.now();
    // Delete mappings that the router has moved to another port, by their old port.
    const moved = before?.held.filter(({ kind, externalPort }) =>
      !held.some((one) => one.kind === kind && one.externalPort === externalPort)
    );
    if (moved && client.protocol === "UPnP") {
      for (const one of moved) await client.unmap(one, signal).catch(() => {});
    }
    return {
      client,
      mapping,
      held,
      renewAtMs: now + Math.max(leaseMs / 2, MIN_RENEWAL_MS),
      endsAtMs: now + leaseMs,
    };
  }

  /** Keeps mappings until the gateway changes. Throws if the router fails. */
  async #keep(first: Kept, gateway: Gateway | undefined, signal: AbortSignal): Promise<void> {
    this.#tell(first.mapping);
    let kept = first;
    for (let failures = 0; !signal.aborted;) {
      const pauseMs = failures > 0 ? RETRY_MS : CHECK_MS;
      await this.#pause(Math.min(pauseMs, Math.max(kept.renewAtMs - this.#clock.now(), RETRY_MS)));
      if (signal.aborted) return;
      if (!sameGateway(await this.#findGateway(gateway), gateway)) {
        this.#kept = undefined;
        // The old router may still be in the network, beside the new one.
        this.#abandon(kept.client, kept.held);
        this.#lastExternalPort = this.#options.port;
        this.#tell(undefined);
        return;
      }
      try {
        const { client, held, mapping } = kept;
        const isDue = this.#clock.now() >= kept.renewAtMs;
        const isLost = !isDue &&
          await client.check(held, mapping.externalAddress, signal) === "lost";
        if (isDue || isLost) this.#kept = kept = await this.#mapBoth(client, kept, signal);
        failures = 0;
        this.#tell(kept.mapping);
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        const isOver = failures >= MAX_FAILURES || this.#clock.now() >= kept.endsAtMs;
        if (!isOver) this.#tell(kept.mapping, error);
        else {
          this.#kept = undefined;
          this.#abandon(kept.client, kept.held);
          throw error;
        }
      }
    }
  }

  /** Finds the gateway. If the search fails, returns the last known gateway. */
  async #findGateway(last: Gateway | undefined): Promise<Gateway | undefined> {
    try {
      return await this.#options.findGateway();
    } catch {
      return last;
    }
  }

  /** Waits. Ends early when the gateway changes. */
  async #pauseWhile(
    gateway: Gateway | undefined,
    pauseMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    for (let leftMs = pauseMs; leftMs > 0 && !signal.aborted; leftMs -= CHECK_MS) {
      await this.#pause(Math.min(leftMs, CHECK_MS));
      if (signal.aborted) return;
      if (!sameGateway(await this.#findGateway(gateway), gateway)) return;
    }
  }

  /** Waits; {@linkcode networkChanged} and {@linkcode stop} end the pause early. */
  async #pause(pauseMs: number): Promise<void> {
    const hurrying = new AbortController();
    this.#hurry = () => hurrying.abort();
    // The network may have changed during a request, when nothing paused.
    if (this.#isHurried) hurrying.abort();
    const either = AbortSignal.any([this.#stopping.signal, hurrying.signal]);
    await delay(this.#clock, pauseMs, either).catch(() => {});
    this.#hurry = () => {};
    this.#isHurried = false;
  }

  /** Deletes mappings as far as the router answers, and closes the client. Never throws. */
  #abandon(client: MappingClient, held: readonly Held[]): void {
    const ending = new AbortController();
    const timer = this.#clock.after(UNMAP_TIMEOUT_MS, () => ending.abort());
    const unmapping = held.map((one) => client.unmap(one, ending.signal));
    const work = Promise.allSettled(unmapping).then(() => {
      timer.cancel();
      client.close();
      this.#abandoning.delete(work);
    });
    this.#abandoning.add(work);
  }

  #tell(mapping: PortMapping | undefined, error?: unknown): void {
    const { sinceMs, mapping: before, error: errorBefore } = this.#status;
    const data = error === undefined ? undefined : errorData(error);
    const isSame = sameMapping(mapping, before);
    const routerAddress = mapping?.externalAddress ?? this.#routerAddress;
    const isSameRouter = routerAddress === this.#status.routerAddress;
    const isSameError = data?.code === errorBefore?.code && data?.message === errorBefore?.message;
    if (isSame && isSameRouter && isSameError) return;
    this.#status = {
      ...(mapping && { mapping }),
      ...(routerAddress !== undefined && { routerAddress }),
      sinceMs: isSame ? sinceMs : this.#clock.now(),
      ...(data && { error: data }),
    };
    this.#options.onChange(this.#status);
  }
}

function sameGateway(a: Gateway | undefined, b: Gateway | undefined): boolean {
  return a?.address === b?.address && a?.localAddress === b?.localAddress;
}
