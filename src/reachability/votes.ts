/**
 * Finds the external address of this machine by majority. Other nodes and peers tell the address
 * from which our packets reach them (`ip` of BEP 42, `yourip` of BEP 10). Each of them may lie.
 *
 * @module
 */

import {
  type Address,
  type Clock,
  type Family,
  formatAddress,
  isPublic,
  peerAddressBytes,
  setNewest,
  toHex,
  TokenBucket,
  type TokenRate,
} from "../base/mod.ts";

/** An external address on which a majority agrees. */
export interface ExternalAddress {
  /** Address as text, as `formatAddress` writes it. */
  address: string;
  /** Number of networks that voted for the address. */
  votes: number;
  /** Number of networks whose vote counts. */
  of: number;
  /**
   * Whether the voters see us at different ports: a router takes another port for each destination
   * (symmetric NAT). A hole cannot be punched through such a router, because the port that one peer
   * sees tells nothing to another. Absent if they agree.
   */
  portVaries?: true;
}

/** Minimum number of networks that must agree. */
export const MIN_VOTES = 4;
/**
 * Number of networks whose votes count: those that voted last. With more networks, a new address
 * would take longer to win.
 */
export const MAX_VOTERS = 16;
/**
 * Token bucket of changes from one address to another: burst, and refill, which is one in five
 * minutes. Each change costs an announcement of every torrent, so liars must not cause one change
 * after the other.
 */
export const CHANGES: TokenRate = { burst: 3, perSecond: 1 / 300 };
/**
 * Length of the prefix that has one vote, by the length of an address, in bytes: a /24 of IPv4, which
 * one customer of a hoster may have, and a /32 of IPv6. A provider gets a /32 at least, and may use
 * all its 65,536 networks for sites (/48), so votes by site would cost an attacker nothing.
 */
const VOTER_BYTES: Record<number, number> = { 4: 3, 16: 4 };
/** Lengths of a compact address and port (BEP 5, BEP 32), and of an address alone, in bytes. */
const PORT_BYTES = 2;
/**
 * Number of different ports from which a router counts as one that takes a port for each destination.
 * A router that was restarted takes another port for all of them.
 */
const VARYING_PORTS = 3;

/**
 * Counts the votes of one address family. One vote a network counts, of a /24 for IPv4 and of a /32
 * for IPv6, because an attacker can have many addresses in one network.
 */
export class AddressVotes {
  readonly #family: Family;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  /** For each network of a voter the address and port in its last vote; the oldest vote is first. */
  readonly #votes = new Map<string, { text: string; port?: number }>();
  #external: string | undefined;
  readonly #changes: TokenBucket;

  /** @param onChange called when the majority has agreed on another address */
  constructor(family: Family, clock: Clock, onChange: () => void) {
    this.#family = family;
    this.#clock = clock;
    this.#onChange = onChange;
    this.#changes = new TokenBucket(CHANGES, clock.now());
  }

  /** The external address; `undefined` while no majority agrees on one. */
  get external(): ExternalAddress | undefined {
    if (this.#external === undefined) return undefined;
    const votes = this.#count(this.#external);
    const ports = this.#ports(this.#external);
    const different = new Set(ports).size;
    // Most voters must see a port of their own, so that a few liars do not change the finding.
    const varies = different >= VARYING_PORTS && different * 2 > ports.length;
    return {
      address: this.#external,
      votes,
      of: this.#votes.size,
      ...(varies && { portVaries: true }),
    };
  }

  /**
   * Takes a vote. Votes of local voters and for local addresses do not count, because they tell
   * nothing about the way to the internet. Nor do those of voters of the other family.
   *
   * @param voter address of the voter, to which we have sent a packet
   * @param claim our address in the voter's view, big-endian; a port may follow
   * @returns whether the vote contradicts the address on which the majority agrees
   */
  add(voter: string, claim: Uint8Array): boolean {
    const from = peerAddressBytes(voter);
    const address = addressIn(claim);
    if (!from || !address || !isPublic(from) || !isPublic(address)) return false;
    // A voter for IPv4 needs an address of IPv4: networks of IPv6 are had by the thousand.
    const length = this.#family === 4 ? 4 : 16;
    if (from.length !== length || address.length !== length) return false;
    const network = toHex(from.subarray(0, VOTER_BYTES[length]));
    const text = formatAddress(address);
    setNewest(this.#votes, network, { text, port: portIn(claim) }, MAX_VOTERS);
    this.#elect(text);
    return this.#external !== undefined && this.#external !== text;
  }

  /** Forgets all votes and the address, after the network of this machine has changed. */
  clear(): void {
    this.#votes.clear();
    this.#external = undefined;
  }

  /** Accepts an address if more than half of the votes name it. */
  #elect(candidate: string): void {
    if (candidate === this.#external) return;
    const votes = this.#count(candidate);
    if (votes < MIN_VOTES || votes * 2 <= this.#votes.size) return;
    if (this.#external !== undefined && !this.#changes.take(this.#clock.now())) return;
    this.#external = candidate;
    this.#onChange();
  }

  #count(address: string): number {
    let votes = 0;
    for (const { text } of this.#votes.values()) if (text === address) votes++;
    return votes;
  }

  /** The ports at which the voters for an address see us. */
  #ports(address: string): number[] {
    return [...this.#votes.values()]
      .flatMap(({ text, port }) => text === address && port !== undefined ? [port] : []);
  }
}

/** Returns the address in a claim of 4 or 16 bytes, or of 2 more for a port. */
function addressIn(claim: Uint8Array): Address | undefined {
  for (const length of [4, 16]) {
    if (claim.length === length || claim.length === length + PORT_BYTES) {
      return claim.subarray(0, length);
    }
  }
  return undefined;
}

/** Returns the port in a claim; `undefined` if there is none. */
function portIn(claim: Uint8Array): number | undefined {
  return claim.length % 4 === PORT_BYTES ? claim.at(-2)! * 256 + claim.at(-1)! : undefined;
}
