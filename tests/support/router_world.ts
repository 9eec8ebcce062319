/**
 * A port mapper and its router, with real sockets and simulated time. Time passes only while no
 * packet is on its way, so no answer is late because the machine is slow.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Gateway, PortMapper, type PortMappingStatus } from "../../src/router/mod.ts";
import { DirectTransport } from "./direct_router_transport.ts";
import { FakeClock, settle } from "./fake_clock.ts";
import { FakeGateway, type FakeGatewayBehaviour } from "./fake_gateway.ts";

/** Our port in these tests. */
export const PORT = 41_000;
/** Addresses of the router and of this machine in tests of IPv6. */
export const IPV6 = { router: "fe80::1", routerPublic: "2a00:5::1", ours: "2a00:5::2" };
/** How long packets may be on their way before the test fails (ms). */
const IO_LIMIT_MS = 120_000;

/** A router, and a port mapper that asks it. */
export class RouterWorld {
  readonly clock = new FakeClock();
  readonly statuses: PortMappingStatus[] = [];
  /** Address of the gateway that the routing table names; `undefined`: none. */
  route: Gateway | undefined = { address: "127.0.0.1", localAddress: "127.0.0.1" };
  gateway!: FakeGateway;
  transport!: DirectTransport;
  mapper!: PortMapper;
  /** Stands for the secret of the home from which nonces are derived. */
  secret = "one";
  #seed = 1;

  /** Makes a router and a mapper that has not begun. */
  static async make(behaviour: Partial<FakeGatewayBehaviour>): Promise<RouterWorld> {
    const world = new RouterWorld();
    world.gateway = await FakeGateway.start(world.clock, behaviour);
    const { portControlPort, ssdp } = world.gateway;
    world.transport = new DirectTransport({ portControlPort, ssdp });
    world.mapper = world.newMapper();
    return world;
  }

  /** The same for a router of IPv6, with its firewall. */
  static async makeIpv6(behaviour: Partial<FakeGatewayBehaviour>): Promise<RouterWorld> {
    const world = new RouterWorld();
    world.gateway = await FakeGateway.start(world.clock, behaviour);
    const { portControlPort, ssdp, igd } = world.gateway;
    igd.behaviour.location = `http://[${IPV6.routerPublic}]:${igd.port}/rootDesc.xml`;
    world.transport = new DirectTransport({ portControlPort, ssdp, ipv6: IPV6 });
    world.route = { address: `${IPV6.router}%eth0`, localAddress: IPV6.ours };
    world.mapper = world.newMapper();
    return world;
  }

  /** Makes one more mapper, as after the start of another process. */
  newMapper(): PortMapper {
    return new PortMapper({
      clock: this.clock,
      random: (bytes) => bytes.map(() => this.#seed++ % 256),
      nonceOf: (mapping) =>
        createHash("sha256").update(this.secret + mapping).digest().subarray(0, 12),
      transport: this.transport,
      port: PORT,
      findGateway: () => Promise.resolve(this.route),
      onChange: (status) => this.statuses.push(status),
    });
  }

  get status(): PortMappingStatus {
    return this.mapper.status;
  }

  /** Begins, and waits until there is a mapping or an error. */
  async start(): Promise<void> {
    this.mapper.start();
    await this.until(() => this.statuses.length > 0);
  }

  /** Lets time pass. */
  async advance(ms: number): Promise<void> {
    const endMs = this.clock.now() + ms;
    await this.until(() => this.clock.now() >= endMs, ms);
  }

  /** Lets time pass until the predicate holds, by at most `limitMs`. */
  async until(holds: () => boolean, limitMs = 3_600_000): Promise<void> {
    const endMs = this.clock.now() + limitMs;
    for (;;) {
      await this.#idle();
      if (holds()) return;
      const leftMs = endMs - this.clock.now();
      if (leftMs <= 0) throw new Error(`not after ${limitMs} ms: ${Deno.inspect(this.status)}`);
      await this.clock.advance(Math.min(this.clock.nextMs ?? leftMs, leftMs));
    }
  }

  /** Waits for the promise while time passes. */
  async settled(promise: Promise<void>): Promise<void> {
    let isSettled = false;
    promise.finally(() => isSettled = true).catch(() => {});
    await this.until(() => isSettled);
    await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settled(this.mapper.stop());
    await this.#idle();
    await this.gateway[Symbol.asyncDispose]();
  }

  /** Waits until no packet is on its way and nothing reacts to one any more. */
  async #idle(): Promise<void> {
    const limitMs = performance.now() + IO_LIMIT_MS;
    for (let quiet = 0; quiet < 5;) {
      const before = this.#traffic;
      await settle();
      if (this.#isBusy) await new Promise((resolve) => setTimeout(resolve, 1));
      quiet = this.#isBusy || this.#traffic !== before ? 0 : quiet + 1;
      if (performance.now() > limitMs) throw new Error("packets are on their way for ever");
    }
  }

  get #traffic(): number {
    const { sent, connected } = this.transport;
    const received = [...this.transport.sockets].reduce((sum, { received }) => sum + received, 0);
    return sent + connected.length + received;
  }

  get #isBusy(): boolean {
    const { transport, gateway } = this;
    if (transport.sent > gateway.received) return true;
    if (transport.connections > gateway.igd.hanging) return true;
    return [...transport.sockets]
      .some(({ port, received }) => (gateway.sentTo.get(port) ?? 0) > received);
  }
}
