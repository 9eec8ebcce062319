/**
 * A fake home router on 127.0.0.1 and a gate in the test's own thread that leads to it, as the
 * surroundings of an engine's thread.
 *
 * @module
 */

import { systemClock } from "../../src/base/mod.ts";
import { Gate, type Port } from "../../src/gate_thread/gate.ts";
import type { RouterSurroundings } from "../../src/launcher/router_access.ts";
import { FakeGateway, type FakeGatewayBehaviour } from "./fake_gateway.ts";

/** A router, and the way to it. */
export class GatedRouter implements AsyncDisposable {
  readonly router: FakeGateway;
  readonly surroundings: Partial<RouterSurroundings>;
  readonly #ends: (() => void)[] = [];
  #onFailure: (error: Error) => void = () => {};

  static async start(behaviour: Partial<FakeGatewayBehaviour>): Promise<GatedRouter> {
    return new GatedRouter(await FakeGateway.start(systemClock, behaviour));
  }

  private constructor(router: FakeGateway) {
    this.router = router;
    const { address: host, port } = router.ssdp;
    const gate = new Gate({
      clock: systemClock,
      allowLocal: true,
      interfaces: [],
      routerPorts: { portControl: router.portControlPort, ssdp: { host, port } },
    });
    this.surroundings = {
      findGateway: () => Promise.resolve({ address: "127.0.0.1", localAddress: "127.0.0.1" }),
      findGatewayIpv6: () => Promise.resolve(undefined),
      connect: (_options, onFailure) => {
        this.#onFailure = onFailure;
        const serve = (port: MessagePort) => {
          const close = gate.serve(port as unknown as Port);
          this.#ends.push(() => {
            close();
            port.close();
          });
        };
        return {
          serve,
          setInterfaces() {},
          setBindingState() {},
          setGateways: ({ ipv4 }) => gate.policy.gateway = ipv4,
          terminate: () => this.#end(),
        };
      },
    };
  }

  /** Ends the gate as an error in its thread does. */
  killGate(): void {
    this.#end();
    this.#onFailure(new Error("The gate's thread died (by the test)"));
  }

  #end(): void {
    for (const end of this.#ends.splice(0)) end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    await this.router[Symbol.asyncDispose]();
  }
}
