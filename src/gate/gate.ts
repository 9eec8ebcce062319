/**
 * The gate: opens a bounded number of channels for the threads that ask, and checks each address
 * first. A message that does not fit the protocol ends its channel. `main.ts` runs it in a thread.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import type { BindingState, BoundAddresses, Clock } from "../base/mod.ts";
import { type Channel, closing, type Line, Stream } from "./channel.ts";
import { Connections, type Outside } from "./connections.ts";
import { Contacts } from "./contacts.ts";
import { Discovery, type Interface } from "./discovery.ts";
import { GateError } from "./errors.ts";
import { Gateways } from "./gateways.ts";
import { OwnAddresses } from "./own_addresses.ts";
import { MAX_CHANNELS, type Opening, parseAsk, type Tell } from "./protocol.ts";
import { ROUTER_PORTS, type RouterPorts, RouterUdp } from "./router_udp.ts";
import { UdpChannel } from "./udp.ts";

/** One end of a `MessagePort`, or a stand-in. */
export interface Port {
  postMessage(message: Tell, transfer: Transferable[]): void;
  onmessage: ((event: { data: unknown }) => void) | null;
}

/** Options of {@linkcode Gate}. They come from the launcher, never from a thread that asks. */
export interface GateOptions {
  clock: Clock;
  /** Whether addresses of this machine and of private networks may be contacted. */
  allowLocal: boolean;
  /** The addresses from which the gate sends; absent for all of this machine. */
  binding?: BoundAddresses;
  /** Whether the gate may send from them now. Default: it may. */
  bindingState?: BindingState;
  /** Interfaces for local discovery. */
  interfaces: readonly Interface[];
  /** Replacements for tests: name service, connections, trusted certificates. */
  outside?: Partial<Outside>;
  /** Ports of the router, for tests. */
  routerPorts?: RouterPorts;
}

/** Maximum number of channels of each kind that one port may have open. */
const MAX_OF_KIND = {
  dial: MAX_CHANNELS,
  reach: 32,
  names: 8,
  udp: 1,
  discover: 1,
  control: 4,
  search: 2,
  router: 8,
};

const system: Omit<Outside, "clock"> = {
  lookUp: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
  connect: (hostname, port, signal) => Deno.connect({ hostname, port, signal }),
  caCerts: [],
};

/** Opens channels for threads that ask over ports. */
export class Gate {
  readonly #clock: Clock;
  readonly #contacts: Contacts;
  readonly #connections: Connections;
  readonly #gateways: Gateways;
  readonly #routerPorts: RouterPorts;
  readonly #own: OwnAddresses;
  #bindingState: BindingState;
  readonly #closeChannels = new Set<(error: unknown) => void>();
  /** Interfaces for the local discoveries that begin from now on. */
  interfaces: readonly Interface[];

  constructor(options: GateOptions) {
    const { clock, allowLocal, interfaces, outside, routerPorts, binding } = options;
    this.#clock = clock;
    this.#contacts = new Contacts(allowLocal);
    this.#own = new OwnAddresses(binding);
    this.#bindingState = options.bindingState ?? { state: "bound" };
    this.#connections = new Connections(
      { clock, ...system, ...outside },
      this.#contacts,
      this.#own,
    );
    this.#gateways = new Gateways(allowLocal);
    this.#routerPorts = routerPorts ?? ROUTER_PORTS;
    this.interfaces = interfaces;
  }

  /** Sets the address of the default gateway, if the launcher knows it. */
  set gateway(address: string | undefined) {
    this.#gateways.gateway = address;
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
   * @returns a function that closes all channels of the port
   */
  serve(port: Port): () => void {
    const channels = new Map<number, { kind: Opening["ask"]; channel?: Channel }>();
    const end = (id: number, error?: unknown) => {
      const entry = channels.get(id);
      channels.delete(id);
      entry?.channel?.close();
      if (entry || error !== undefined) port.postMessage({ ...closing(error), id } as Tell, []);
    };
    const open = (opening: Opening) => {
      const { ask: kind, id } = opening;
      if (this.#bindingState.state !== "bound") throw lost(this.#bindingState);
      const ofKind = [...channels.values()].filter((one) => one.kind === kind).length;
      if (channels.has(id)) throw new GateError("BAD_REQUEST", `Channel ${id} is open already`);
      if (channels.size >= MAX_CHANNELS || ofKind >= MAX_OF_KIND[kind]) {
        throw new GateError("TOO_MANY_CHANNELS", `${ofKind} channels of kind ${kind} are open`);
      }
      const entry: { kind: Opening["ask"]; channel?: Channel } = { kind };
      const isOpen = () => channels.get(id) === entry;
      channels.set(id, entry);
      entry.channel = this.#open(opening, {
        tell: (message, transfer = []) => {
          if (isOpen()) port.postMessage({ ...message, id } as Tell, transfer);
        },
        end: (error) => isOpen() && end(id, error),
      });
    };
    port.onmessage = ({ data }) => {
      const ask = parseAsk(data);
      const id = ask?.id ?? (data as { id?: unknown } | null)?.id;
      if (typeof id !== "number") return;
      try {
        if (!ask) throw new GateError("BAD_REQUEST", "The message does not fit the protocol");
        if (ask.ask === "close") end(id);
        else if (ask.ask in MAX_OF_KIND) open(ask as Opening);
        else channels.get(id)?.channel?.take(ask);
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

  /** Opens a channel that ends when the addresses of a name are told. */
  #lookUp(name: string, port: number, line: Line): Channel {
    this.#connections.addressesOf(name, port).then((hosts) => {
      line.tell({ tell: "addresses", hosts });
      line.end();
    }, (error) => line.end(error));
    return {
      take({ ask }) {
        throw new GateError("BAD_REQUEST", `A look-up does not take ${ask}`);
      },
      close() {},
    };
  }

  #open(opening: Opening, line: Line): Channel {
    const { ask } = opening;
    if (ask === "control" || ask === "search") {
      const context = {
        clock: this.#clock,
        gateways: this.#gateways,
        own: this.#own,
        ports: this.#routerPorts,
      };
      return new RouterUdp(line, context, ask, opening.host);
    }
    const { port } = opening;
    if (ask === "names") return this.#lookUp(opening.name, port, line);
    if (ask === "udp") return new UdpChannel(line, this.#contacts, this.#own, port);
    if (ask === "discover") {
      const interfaces = this.interfaces.filter(({ address }) => this.#own.includes(address));
      return new Discovery(line, this.#contacts, this.#clock, interfaces, port);
    }
    return new Stream(
      line,
      async (signal) => {
        const connections = this.#connections;
        if (ask === "dial") return await connections.dial(opening.host, port, signal);
        if (ask === "reach") {
          return await connections.reach(opening.name, port, opening.tls, signal);
        }
        return await connections.router(this.#gateways, opening.host, port, signal);
      },
    );
  }
}

/**
 * The error of channels while the gate may not send. It is none of the codes of a missing route, which
 * keep the engine from dialling for a while.
 */
function lost({ why }: Exclude<BindingState, { state: "bound" }>): GateError {
  return new GateError("ENETDOWN", why);
}
