/**
 * A vandal at a name, in simulated time: it has locked all slots of the name's index, on all days, and has
 * announced a thousand peers at the rendezvous, among ten honest ones. The lookups, the choice of the peers,
 * the conversation with them and the reading are the program's own; the network and the clock are simulated.
 *
 * @module
 */

import { concatBytes, equalBytes, parseAddress, toHex } from "../../src/base/mod.ts";
import type { Operations } from "../../src/control/operations.ts";
import type { ContentlessSwarmOptions, SwarmWire } from "../../src/engine/libraries/mod.ts";
import { NAMES_EXTENSION } from "../../src/engine/rendezvous/names_extension.ts";
import type { AskedSwarm } from "../../src/engine/rendezvous/options.ts";
import { RendezvousPeers } from "../../src/engine/rendezvous/rendezvous_peers.ts";
import { generateKeyPair } from "../../src/identity/mod.ts";
import {
  dayOf,
  decodeQuestion,
  encodeAnswer,
  nameRendezvous,
  type RendezvousAnswer,
  rendezvousOf,
  type RendezvousQuestion,
} from "../../src/records/mod.ts";
import type { NamesHome } from "./names_home.ts";
import { NOON, World } from "./names_world.ts";
import { signedEntry } from "./signed.ts";

const NAME = "hello";
const DAY_MS = 86_400_000;
/** Round trip to a peer (ms). */
const ROUND_TRIP_MS = 200;
/** Networks of the vandal, addresses in each, and honest peers, each in a network of its own. */
const [NETWORKS, ADDRESSES, HONEST] = [50, 20, 10];
/** Number of peers in a node's answer, at most: the default of libtorrent's `max_peers_reply`. */
const IN_AN_ANSWER = 100;

/** Behaviour of a vandal's peer. */
export type Misdeed = "dead" | "silent" | "forges" | "stranger";

/** Answers of all peers that do not answer honestly. */
const MIXED: readonly Misdeed[] = ["dead", "silent", "forges", "stranger"];

/** Options of {@linkcode VandalWorld}. */
export interface VandalOptions {
  /** Behaviours of the vandal's peers. Default: a quarter each. */
  misdeeds?: readonly Misdeed[];
  /** Number of peers in a node's answer. */
  inAnAnswer?: number;
  seed?: number;
}

/** A simulated network with a vandal at one name. */
export class VandalWorld implements AsyncDisposable {
  readonly world: World;
  readonly publisher: NamesHome;
  readonly #misdeeds: readonly Misdeed[];
  readonly #answer: RendezvousAnswer;

  /** Sets the network up: a publisher puts its records, and the vandal locks the index. */
  static async make(options: VandalOptions = {}): Promise<VandalWorld> {
    const world = new World({
      ...{ nodes: 200, seed: options.seed ?? 1, latencyMs: [20, 150] },
      items: { lifeMs: 2 * DAY_MS },
    });
    const today = dayOf(NOON);
    for (const day of [today - 1, today, today + 1]) {
      for (let slot = 0; slot < 4; slot++) {
        await world.vandalize(NAME, slot, "vandal", { seq: Number.MAX_SAFE_INTEGER, day });
      }
    }
    const publisher = await world.home(1);
    await world.run(publisher.publish(NAME, "1.0.0"));
    return new VandalWorld(world, publisher, options);
  }

  private constructor(world: World, publisher: NamesHome, options: VandalOptions) {
    const { misdeeds = MIXED, inAnAnswer = IN_AN_ANSWER } = options;
    this.world = world;
    this.publisher = publisher;
    this.#misdeeds = misdeeds;
    const { publicKey } = publisher.keys;
    this.#answer = { entries: [publisher.keeper.entry(NAME, publicKey)!], items: [] };
    const { dht } = world;
    const peers = [...vandals(), ...honest()].map(compact);
    const infoHash = nameRendezvous(NAME);
    for (const node of dht.closest(infoHash, 8)) {
      node.behave = (query, honest) => {
        const answer = honest();
        const isAsked = query.name === "get_peers" && answer.kind === "reply" &&
          toHex(query.args.info_hash as Uint8Array) === toHex(infoHash);
        if (isAsked) answer.body.values = sample(peers, inAnAnswer, dht.random);
        return answer;
      };
    }
  }

  /**
   * Resolves the name in a new home.
   *
   * @returns whether the publisher's package was found, and the simulated time until then (ms)
   */
  async resolve({ atRendezvous = true } = {}): Promise<{ found: boolean; ms: number }> {
    const { world, publisher } = this;
    const home = await world.home();
    if (atRendezvous) home.operations.askRendezvous = this.#asking(home);
    const begunMs = world.clock.now();
    const resolved = await world.run(home.resolve(NAME).catch(() => undefined));
    const ms = world.clock.now() - begunMs;
    const found = resolved !== undefined &&
      equalBytes(resolved.publicKey, publisher.keys.publicKey);
    return { found, ms };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.world[Symbol.asyncDispose]();
  }

  #asking(home: NamesHome): Operations["askRendezvous"] {
    const peers = new RendezvousPeers({
      clock: home.clock,
      client: undefined as never,
      onQuestion: () => Promise.resolve({ entries: [], items: [] }),
      mayDial: () => true,
      introduce: () => {},
      makeSwarm: (options) => new SimulatedSwarm(this, options),
    });
    return async (asked, { signal = new AbortController().signal, onEvent } = {}) => {
      const question: RendezvousQuestion = "publicKey" in asked
        ? { kind: "publisher", publicKey: asked.publicKey }
        : { kind: "name", name: asked.name };
      const infoHash = rendezvousOf(question);
      return await peers.ask(toHex(infoHash), question, {
        signal,
        findPeers: (onNamed, ended) => home.manager.findPeers(infoHash, { onNamed, signal: ended }),
        isOurs: () => false,
        onAnswer: (answer, from) => onEvent?.({ ...answer, from }),
      });
    };
  }

  /** Returns what a peer does: `honest`, or one of the misdeeds. */
  deedOf(host: string): Misdeed | "honest" {
    const [first, network, , last] = host.split(".").map(Number);
    return first === 81 ? "honest" : this.#misdeeds[(network! + last!) % this.#misdeeds.length]!;
  }

  /** Returns a peer's answer to our question. */
  answerOf(deed: Misdeed | "honest", number: number): Uint8Array {
    if (deed === "honest") return encodeAnswer(number, this.#answer);
    // A stranger who claims to have been first gets the first place; nothing stops that but trust.
    const nowMs = Math.floor(this.world.clock.now());
    const times = { firstSeenMs: nowMs, timestampMs: nowMs };
    const entry = signedEntry(generateKeyPair(), NAME, { version: "9.9.9", ...times });
    const forged = { ...entry, publicKey: this.publisher.keys.publicKey };
    return encodeAnswer(number, { entries: [deed === "forges" ? forged : entry], items: [] });
  }
}

/** The connections to simulated peers. */
class SimulatedSwarm implements AskedSwarm {
  readonly #world: VandalWorld;
  readonly #options: ContentlessSwarmOptions;
  readonly #peers = new Map<string, { connected: boolean }>();

  constructor(world: VandalWorld, options: ContentlessSwarmOptions) {
    this.#world = world;
    this.#options = options;
  }

  dial(address: string): boolean {
    const [host] = address.split(":");
    const deed = this.#world.deedOf(host!);
    this.#peers.set(address, { connected: false });
    // TCP, and the handshake.
    if (deed !== "dead") this.#after(2, address, () => this.#connect(address, host!, deed));
    return true;
  }

  giveUp(address: string): boolean {
    const peer = this.#peers.get(address);
    if (!peer || peer.connected) return peer !== undefined;
    this.close(address);
    return false;
  }

  close(address: string): void {
    if (this.#peers.delete(address)) this.#options.onEnd?.(address);
  }

  destroy(): void {
    this.#peers.clear();
  }

  #connect(address: string, host: string, deed: Misdeed | "honest"): void {
    this.#peers.get(address)!.connected = true;
    let extension: { onExtendedHandshake(): void; onMessage(message: Uint8Array): void };
    const wire = {
      remoteAddress: host,
      on: () => {},
      use(Extension: new (wire: unknown) => typeof extension) {
        extension = new Extension(wire);
      },
      extended: (name: string, message: Uint8Array) => {
        if (name !== NAMES_EXTENSION || deed === "silent") return;
        const bytes = this.#world.answerOf(deed, decodeQuestion(message)!.number);
        this.#after(1, address, () => {
          this.#options.onBytes?.(address, bytes.length);
          extension.onMessage(bytes);
        });
      },
    };
    this.#options.onWire(wire as unknown as SwarmWire, address);
    this.#after(1, address, () => extension.onExtendedHandshake());
  }

  #after(roundTrips: number, address: string, act: () => void): void {
    this.#world.world.clock.after(roundTrips * ROUND_TRIP_MS, () => {
      if (this.#peers.has(address)) act();
    });
  }
}

function vandals(): string[] {
  return Array.from(
    { length: NETWORKS * ADDRESSES },
    (_, i) => `80.${Math.floor(i / ADDRESSES)}.0.${1 + i % ADDRESSES}`,
  );
}

function honest(): string[] {
  return Array.from({ length: HONEST }, (_, i) => `81.${i}.0.1`);
}

function compact(host: string): Uint8Array {
  return concatBytes(parseAddress(host)!, Uint8Array.of(26, 225));
}

function sample<T>(items: readonly T[], count: number, random: () => number): T[] {
  const rest = [...items];
  return Array.from(
    { length: Math.min(count, rest.length) },
    () => rest.splice(Math.floor(random() * rest.length), 1)[0]!,
  );
}
