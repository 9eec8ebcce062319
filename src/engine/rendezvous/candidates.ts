/**
 * Chooses the peers of a rendezvous that are dialled. Anybody can announce any number of peers
 * there, so the choice is spread:
 *
 * - An address counts once, whatever its ports, and a network (/24, or /48 of IPv6) counts as one
 *   address.
 * - The peers are drawn evenly from the nodes that named them, so that one node cannot crowd out
 *   the peers that others name.
 * - Of the networks that a node has named, the one with the fewest peers comes first, so that a
 *   network in which an attacker has announced many peers crowds out no other.
 *
 * @module
 */

import { formatHostPort, type HostPort, networkOf, shuffle } from "../../base/mod.ts";

/**
 * Answers count as samples of what nodes know if all of them together name `SAMPLE_FROM` times as
 * many peers as the longest one, which counts as `MIN_SAMPLE` peers at least. Nodes that name all
 * their peers differ only by those that have just come or gone.
 */
const [SAMPLE_FROM, MIN_SAMPLE] = [1.5, 20];

/** The networks of one node's answer. */
interface Named {
  /** Networks that are left, each with one of its peers, in random order. */
  left: { key: string; peer: HostPort }[];
  /** Number of peers that were drawn of this answer. */
  drawn: number;
}

/** The peers that the nodes of the DHT have named. */
export class Candidates {
  readonly #admits: (peer: HostPort) => boolean;
  readonly #random: () => number;
  readonly #answers: Named[] = [];
  /** The peers (`HOST:PORT`) of each network that nodes have named. */
  readonly #found = new Map<string, Set<string>>();
  readonly #drawn = new Set<string>();
  #mostOfNode = MIN_SAMPLE;

  /**
   * @param admits whether an address may be dialled
   * @param random random numbers from 0 to below 1
   */
  constructor(admits: (peer: HostPort) => boolean, random: () => number = Math.random) {
    this.#admits = admits;
    this.#random = random;
  }

  /** Number of different networks with a peer. */
  get found(): number {
    return this.#found.size;
  }

  /**
   * Whether nodes know more peers than they name: all answers together name half as many again as
   * the longest one. Nodes draw other peers when they are asked again.
   */
  get isSample(): boolean {
    const all = this.#found.values().reduce((sum, { size }) => sum + size, 0);
    return all > this.#mostOfNode * SAMPLE_FROM;
  }

  /** Adds the peers that one node has named. */
  add(named: readonly HostPort[]): void {
    this.#mostOfNode = Math.max(this.#mostOfNode, named.length);
    const peers = named.filter(this.#admits);
    shuffle(peers, this.#random);
    const left = new Map(peers.map((peer) => [keyOf(peer), peer]));
    for (const peer of peers) {
      const key = keyOf(peer);
      let ofNetwork = this.#found.get(key);
      if (!ofNetwork) this.#found.set(key, ofNetwork = new Set());
      ofNetwork.add(formatHostPort(peer));
    }
    this.#answers.push({ left: [...left].map(([key, peer]) => ({ key, peer })), drawn: 0 });
  }

  /**
   * Draws the next peer, from the node of whose peers the fewest were drawn.
   *
   * @param maxOfNode maximum number of peers that are drawn from one node
   */
  next(maxOfNode = Infinity): HostPort | undefined {
    let fewest: Named | undefined;
    for (const answer of this.#answers) {
      answer.left = answer.left.filter(({ key }) => !this.#drawn.has(key));
      if (answer.left.length === 0 || answer.drawn >= maxOfNode) continue;
      if (!fewest || answer.drawn < fewest.drawn) fewest = answer;
    }
    if (!fewest) return undefined;
    const sizeOf = ({ key }: { key: string }) => this.#found.get(key)!.size;
    const { key, peer } = fewest.left.reduce((a, b) => sizeOf(b) < sizeOf(a) ? b : a);
    this.#drawn.add(key);
    fewest.drawn++;
    return peer;
  }
}

/** Returns the key of the peers that count as one: their network, or a local address with its port. */
function keyOf(peer: HostPort): string {
  return networkOf(peer.host) ?? formatHostPort(peer);
}
