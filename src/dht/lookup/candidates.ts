/**
 * The candidates of one lookup: a list of the nodes found so far, closest to the target first, with
 * the state of each node. `lookup.ts` decides when to query which candidate.
 *
 * @module
 */

import { type KnownContact, networkOf, toHex } from "../../base/mod.ts";
import { fitsAddress } from "../../reachability/mod.ts";
import { compareDistance, type Contact } from "../node/mod.ts";

/** A node that may be among the closest to the target. */
export interface Candidate {
  id: Uint8Array;
  contact: KnownContact;
  /**
   * State of the candidate. `passed`: skipped as unresponsive. `late`: queried, but no reply
   * arrived within the time that the round-trip estimate allows.
   */
  state: "new" | "passed" | "waiting" | "late" | "answered" | "failed";
  /**
   * The network of the node's address, /24 for IPv4 and /48 for IPv6; `undefined` for a local
   * address.
   */
  network: string | undefined;
  /** Whether the id fits the node's address (BEP 42). */
  fits: boolean;
  /**
   * Number of replies that omit this node although they name farther nodes. Counted only for a node
   * known from an earlier lookup; `undefined` after a reply of this lookup has named the node.
   */
  omissions?: number;
}

/** Options of {@linkcode Candidates}. */
export interface CandidatesOptions {
  /** Target of the lookup, 20 bytes. */
  target: Uint8Array;
  /** Id of the local node, which is never a candidate. */
  ownId: Uint8Array;
  isUnresponsive: (contact: Contact) => boolean;
  /** Whether to skip nodes known from earlier lookups that the replies of this lookup omit. */
  requireMention: boolean;
}

/** Maximum number of candidates; beyond it, the farthest candidate is dropped. */
const MAX_CANDIDATES = 256;
/** States of candidates from which the lookup no longer expects a reply. */
const PASSED_OVER: readonly Candidate["state"][] = ["passed", "late", "failed"];
/**
 * Number of nodes in a full reply (BEP 5). A reply with fewer nodes says nothing about omitted
 * nodes.
 */
const FULL_REPLY_NODES = 8;
/**
 * Number of omissions after which a node is skipped, unless a reply has named the node. One lying
 * node therefore cannot make the lookup skip another node. If an honest node has named a node, no
 * number of lying nodes can make the lookup skip the named node.
 */
const MAX_OMISSIONS = 2;

/** The candidates of one lookup, sorted by distance to the target. */
export class Candidates {
  readonly #options: CandidatesOptions;
  /** Candidates sorted by distance to the target, closest first. */
  readonly #list: Candidate[] = [];
  readonly #addresses = new Set<string>();
  /** Candidates by node id in hexadecimal; the id of the local node maps to `undefined`. */
  readonly #byId = new Map<string, Candidate | undefined>();
  #replies = 0;

  constructor(options: CandidatesOptions) {
    this.#options = options;
    this.#byId.set(toHex(options.ownId), undefined);
  }

  /** Adds a candidate: a node from the routing table or from an earlier lookup. */
  addKnown(contact: KnownContact): void {
    const candidate = this.#add(contact, this.#options.isUnresponsive(contact) ? "passed" : "new");
    if (candidate && this.#options.requireMention) candidate.omissions = 0;
  }

  /**
   * Makes candidates of the nodes that one reply names. Counts an omission for each known node that
   * the reply should have named but omits.
   */
  addNamed(contacts: KnownContact[]): void {
    for (const contact of contacts) {
      const known = this.#byId.get(toHex(contact.id));
      if (known) this.#noteMention(known);
      else this.#add(contact, this.#options.isUnresponsive(contact) ? "passed" : "new");
    }
    this.#replies++;
    if (this.#options.requireMention && contacts.length >= FULL_REPLY_NODES) {
      this.#noteOmissions(contacts);
    }
  }

  /**
   * Adds a candidate: a bootstrap node that has answered. Returns `false` if another candidate has
   * the same id.
   */
  addAnswered(contact: KnownContact): boolean {
    if (this.#byId.has(toHex(contact.id))) return false;
    this.#insert(newCandidate(contact, "answered"));
    return true;
  }

  /**
   * Marks an address as used, so that the lookup queries the address only once. Returns `false` if
   * the address was used before.
   */
  claimAddress({ host, port }: Contact): boolean {
    const address = `${host}:${port}`;
    if (this.#addresses.has(address)) return false;
    this.#addresses.add(address);
    return true;
  }

  /** Number of candidates. */
  get count(): number {
    return this.#list.length;
  }

  /**
   * Returns the candidates that matter, without unresponsive ones: the `count` closest, and the
   * `count` closest whose ids fit their addresses (BEP 42), as far as there are as many. An attacker
   * can choose any ids, but not ids that fit. Of each network only the closest candidate counts,
   * because an attacker can run thousands of nodes in one network (Sybil attack).
   */
  front(count: number): Candidate[] {
    const front: Candidate[] = [];
    let fitting = 0;
    let networks: Set<string> | undefined;
    for (const candidate of this.#list) {
      const { state, network, fits } = candidate;
      if (PASSED_OVER.includes(state) || (network !== undefined && networks?.has(network))) {
        continue;
      }
      if (network !== undefined) (networks ??= new Set()).add(network);
      if (fits || front.length < count) front.push(candidate);
      if (fits && ++fitting === count) break;
    }
    return front;
  }

  /** Returns the contacts of candidates that were neither queried nor skipped, closest first. */
  notQueried(): KnownContact[] {
    return this.front(MAX_CANDIDATES).filter(({ state }) => state === "new")
      .map(({ contact }) => contact);
  }

  /**
   * Whether more replies are needed to decide which nodes of earlier lookups are still in the
   * network.
   */
  get awaitsMention(): boolean {
    return this.#replies < MAX_OMISSIONS && this.#list.some(({ omissions }) => omissions === 0);
  }

  /**
   * Makes candidates that were skipped eligible for queries again, whether they were skipped as
   * unresponsive or as omitted by replies.
   */
  revive(): void {
    for (const candidate of this.#list) {
      candidate.omissions = undefined;
      if (candidate.state === "passed") candidate.state = "new";
    }
  }

  /**
   * Returns the farthest of the `count` closest candidates, whatever the candidates' states.
   * Returns `undefined` if {@linkcode Candidates.front} finds `count` candidates, or finds all
   * candidates if there are fewer.
   */
  farthestOfClosest(count: number): Candidate | undefined {
    const most = Math.min(count, this.#list.length);
    return this.front(count).length < most ? this.#list[most - 1] : undefined;
  }

  /** Returns the contacts of the candidates that are in one of the given states, closest first. */
  inState(...states: Candidate["state"][]): KnownContact[] {
    return this.#list.filter(({ state }) => states.includes(state)).map(({ contact }) => contact);
  }

  #noteMention(candidate: Candidate): void {
    if (candidate.omissions === MAX_OMISSIONS) candidate.state = "new";
    candidate.omissions = undefined;
  }

  #noteOmissions(named: KnownContact[]): void {
    const { target } = this.#options;
    for (const candidate of this.#list) {
      if (candidate.omissions === undefined || candidate.state !== "new") continue;
      if (!named.some(({ id }) => compareDistance(target, candidate.id, id) < 0)) continue;
      if (++candidate.omissions === MAX_OMISSIONS) candidate.state = "passed";
    }
  }

  #add(contact: KnownContact, state: Candidate["state"]): Candidate | undefined {
    // Each address and each id has one entry only, so a hostile node cannot fill the list with
    // copies of itself.
    if (this.#byId.has(toHex(contact.id))) return undefined;
    const last = this.#list.at(-1);
    const isFull = this.#list.length >= MAX_CANDIDATES;
    if (isFull && compareDistance(this.#options.target, contact.id, last!.id) >= 0) {
      return undefined;
    }
    if (!this.claimAddress(contact)) return undefined;
    const candidate = newCandidate(contact, state);
    this.#insert(candidate);
    if (isFull && this.#list.at(-1)!.state === "new") this.#list.pop();
    return candidate;
  }

  #insert(candidate: Candidate): void {
    const { target } = this.#options;
    this.#byId.set(toHex(candidate.id), candidate);
    let low = 0;
    let high = this.#list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareDistance(target, this.#list[middle]!.id, candidate.id) < 0) low = middle + 1;
      else high = middle;
    }
    this.#list.splice(low, 0, candidate);
  }
}

function newCandidate(contact: KnownContact, state: Candidate["state"]): Candidate {
  const { id, host } = contact;
  return { id, contact, state, network: networkOf(host), fits: fitsAddress(id, host) };
}
