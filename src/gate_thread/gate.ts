/**
 * The gate: opens a bounded number of channels for the threads that ask, and checks each address
 * first. A message that does not fit the protocol ends its channel. `main.ts` runs it in a thread.
 *
 * @module
 */

import type { BindingState, Clock } from "../base/mod.ts";
import { Channel, type TellAbout } from "./channel.ts";
import { carryDatagrams, openUdp, ROUTER_PORTS, type RouterPorts } from "./datagrams.ts";
import { openDiscovery } from "./discovery.ts";
import { failureOf, Refusal } from "./errors.ts";
import { Policy, type PolicyOptions } from "./policy.ts";
import {
  KINDS,
  MAX_CHANNELS,
  type OnlyServer,
  type Opening,
  parseAsk,
  type Tell,
} from "./protocol.ts";
import { addressesOf, carryStream, connect, type Outside } from "./streams.ts";
import { openProbes } from "./utp_probes.ts";
import { openRefusals } from "./utp_refusals.ts";

/** One end of a `MessagePort`, or a stand-in. */
export interface Port {
  postMessage(message: Tell, transfer: Transferable[]): void;
  onmessage: ((event: { data: unknown }) => void) | null;
}

/** Options of {@linkcode Gate}. */
export interface GateOptions extends PolicyOptions {
  /** Whether the gate may send from the addresses to which it is bound. Default: it may. */
  bindingState?: BindingState;
  /** Replacements for tests: name service, connections, trusted certificates. */
  outside?: Partial<Outside>;
  /** Ports of the router, for tests. */
  routerPorts?: RouterPorts;
}

const system: Omit<Outside, "clock"> = {
  async lookUp(name) {
    const types = ["AAAA", "A"] as const;
    const found = await Promise.allSettled(types.map((type) => Deno.resolveDns(name, type)));
    return found.flatMap((one) => one.status === "fulfilled" ? one.value : []);
  },
  connect: (hostname, port, signal) => Deno.connect({ hostname, port, signal }),
  caCerts: [],
};

/** Opens channels for threads that ask over ports. */
export class Gate {
  readonly #clock: Clock;
  readonly #outside: Outside;
  readonly #routerPorts: RouterPorts;
  /** The addresses that may be contacted; the launcher sets the gateway and the interfaces. */
  readonly policy: Policy;
  readonly #closeChannels = new Set<(error: unknown) => void>();
  #bindingState: BindingState;

  constructor(options: GateOptions) {
    const { clock, outside, routerPorts = ROUTER_PORTS, bindingState } = options;
    this.#clock = clock;
    this.#outside = { clock, ...system, ...outside };
    this.#routerPorts = routerPorts;
    this.policy = new Policy(options);
    this.#bindingState = bindingState ?? { state: "bound" };
  }

  /**
   * Sets whether the gate may send from the addresses to which it is bound. While it may not, all
   * channels are closed, and no channel opens.
   */
  set bindingState(state: BindingState) {
    this.#bindingState = state;
    if (state.state === "bound") return;
    for (const close of this.#closeChannels) close(lost(state));
  }

  /**
   * Serves the thread at the other end of a port.
   *
   * @param only the one web server that the thread may reach. Default: all that the policy allows
   * @returns a function that closes all channels of the port
   */
  serve(port: Port, only?: OnlyServer): () => void {
    const channels = new Map<number, Channel>();
    const end = (id: number, error?: unknown) => {
      channels.get(id)?.close();
      channels.delete(id);
      const why = error === undefined ? {} : { error: failureOf(error) };
      port.postMessage({ tell: "closed", id, ...why }, []);
    };
    const open = (opening: Opening) => {
      const { kind, id } = opening;
      if (this.#bindingState.state !== "bound") throw lost(this.#bindingState);
      if (only && !isServer(only, opening)) {
        throw new Refusal(
          "ADDRESS_REFUSED",
          `${opening.host} is not the host of the setting webhook`,
        );
      }
      const ofKind = [...channels.values()].filter((one) => one.kind === kind).length;
      if (channels.has(id)) throw new Refusal("BAD_REQUEST", `Channel ${id} is open already`);
      if (channels.size >= MAX_CHANNELS || ofKind >= KINDS[kind].most) {
        throw new Refusal("TOO_MANY_CHANNELS", `${ofKind} channels of kind ${kind} are open`);
      }
      const tell: TellAbout = (message, transfer = []) => {
        if (channels.get(id) === channel) port.postMessage({ ...message, id } as Tell, transfer);
      };
      const channel = new Channel(kind, tell);
      channels.set(id, channel);
      const finish = (error?: unknown) => channels.get(id) === channel && end(id, error);
      this.#carry(opening, channel, only !== undefined).then(() => finish(), finish);
    };
    port.onmessage = ({ data }) => {
      const ask = parseAsk(data);
      const id = ask?.id ?? (data as { id?: unknown } | null)?.id;
      if (typeof id !== "number") return;
      try {
        if (!ask) throw new Refusal("BAD_REQUEST", "The message does not fit the protocol");
        if (ask.ask === "open") open(ask);
        else if (ask.ask !== "close") channels.get(id)?.take(ask);
        else if (channels.has(id)) end(id);
      } catch (error) {
        end(id, error);
      }
    };
    const close = (error?: unknown) => [...channels.keys()].forEach((id) => end(id, error));
    this.#closeChannels.add(close);
    return () => {
      this.#closeChannels.delete(close);
      close();
    };
  }

  /** Opens what a channel is for, and carries its packets until it ends. */
  async #carry(opening: Opening, channel: Channel, isChosen: boolean): Promise<void> {
    const { kind, port } = opening;
    if (KINDS[kind].isStream) {
      const { policy } = this;
      const connection = await connect(opening, policy, this.#outside, channel.signal, isChosen);
      await carryStream(channel, connection);
    } else if (kind === "names") {
      const hosts = await addressesOf(opening, this.policy, this.#outside);
      for (const host of hosts) channel.send({ host, port, bytes: new Uint8Array() });
    } else {
      const rules = kind === "discover"
        ? await openDiscovery(this.policy, this.#clock, port)
        : kind === "refuse"
        ? openRefusals(this.policy, this.#clock, port)
        : kind === "probe"
        ? openProbes(this.policy, this.#clock)
        : await openUdp(opening, this.policy, this.#routerPorts);
      await carryDatagrams(channel, rules);
    }
  }
}

/** Whether a channel leads to a web server. */
function isServer(only: OnlyServer, { kind, host, port }: Opening): boolean {
  return kind === only.kind && host === only.host && port === only.port;
}

/**
 * The error of channels while the gate may not send. It is none of the codes of a missing route,
 * which keep the engine from dialling for a while.
 */
function lost({ why }: Exclude<BindingState, { state: "bound" }>): Refusal {
  return new Refusal("ENETDOWN", why);
}
