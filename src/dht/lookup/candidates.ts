/**
 * The candidates of one lookup: every node it has met, closest to the target first, with the state of
 * each. `lookup.ts` decides which of them to query, and when.
 *
 * @module
 */

import { isLocalAddress, toHex } from "../../base/mod.ts";
import { compareDistance, type Contact, type KnownContact } from "../node/mod.ts";

/** A node that may be among the closest to the target. */
export interface Candidate {
  id: Uint8Array;
  contact: KnownContact;
  /** `passed`: skipped as unresponsive. `late`: queried, and slower than the lookup's patience. */
  state: "new" | "passed" | "waiting" | "late" | "answered" | "failed";
  /** The /24 network of its address; `undefined` for a local address. */
  network: string | undefined;
  /**
   * Number of replies that omit this node although they name farther ones. Counted only for a node known
   * from an earlier lookup; `undefined` once a reply of this lookup has named it.
   */
  omissions?: number;
}

/** Options of {@linkcode Candidates}. */
export interface CandidatesOptions {
  /** 20 bytes. */
  target: Uint8Array;
  /** Id of our own node, which is never a candidate. */
  ownId: Uint8Array;
  isUnresponsive: (contact: Contact) => boolean;
  /** Skip nodes known from earlier lookups that the replies of this one omit. */
  requireMention: boolean;
}

/** Maximum number of candidates; the farthest is dropped. */
const MAX_CANDIDATES = 256;
/** States of candidates that the lookup does not wait for. */
const PASSED_OVER: readonly Candidate["state"][] = ["passed", "late", "failed"];
/** Nodes in a full reply (BEP 5). A reply with fewer proves no omission. */
const FULL_REPLY_NODES = 8;
/**
 * Omissions after which a node is skipped, if no reply has named it: one lying node cannot get another
 * skipped, and no number of them can once an honest neighbour has answered.
 */
const MAX_OMISSIONS = 2;

/** The sorted candidates of one lookup. */
export class Candidates {
  readonly #options: CandidatesOptions;
  /** Sorted by distance, closest first. */
  readonly #list: Candidate[] = [];
  readonly #addresses = new Set<string>();
  /** By node id in hexadecimal; our own id maps to `undefined`. */
  readonly #byId = new Map<string, Candidate | undefined>();
  #replies = 0;

  constructor(options: CandidatesOptions) {
    this.#options = options;
    this.#byId.set(toHex(options.ownId), undefined);
  }

  /** Adds a node of the routing table or of an earlier lookup. */
  addKnown(contact: KnownContact): void {
    const candidate = this.#add(contact, this.#options.isUnresponsive(contact) ? "passed" : "new");
    if (candidate && this.#options.requireMention) candidate.omissions = 0;
  }

  /** Adds the nodes that one reply names. */
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

  /** Adds a bootstrap node that has answered; `false` if its id is taken. */
  addAnswered(contact: KnownContact): boolean {
    if (this.#byId.has(toHex(contact.id))) return false;
    this.#insert(newCandidate(contact, "answered"));
    return true;
  }

  /** Claims an address for one query; `false` if it was claimed before. */
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
   * The closest candidates that are worth waiting for, up to `count`. Of each /24 network only the
   * closest counts, because an attacker with one network can run thousands of nodes (Sybil attack).
   */
  front(count: number): Candidate[] {
    const front: Candidate[] = [];
    let networks: Set<string> | undefined;
    for (const candidate of this.#list) {
      const { state, network } = candidate;
      if (PASSED_OVER.includes(state) || (network !== undefined && networks?.has(network))) {
        continue;
      }
      if (network !== undefined) (networks ??= new Set()).add(network);
      front.push(candidate);
      if (front.length === count) break;
    }
    return front;
  }

  /** Contacts of the candidates that were neither queried nor skipped, closest first. */
  notQueried(): KnownContact[] {
    return this.front(MAX_CANDIDATES).filter(({ state }) => state === "new")
      .map(({ contact }) => contact);
  }

  /** Whether more replies are needed to tell which nodes of earlier lookups are still there. */
  get awaitsMention(): boolean {
    return this.#replies < MAX_OMISSIONS && this.#list.some(({ omissions }) => omissions === 0);
  }

  /** Makes skipped candidates eligible again. */
  revive(): void {
    for (const candidate of this.#list) {
      candidate.omissions = undefined;
      if (candidate.state === "passed") candidate.state = "new";
    }
  }

  /**
   * The farthest of the `count` closest candidates in any state; `undefined` unless some of them are
   * not worth waiting for.
   */
  farthestOfClosest(count: number): Candidate | undefined {
    const most = Math.min(count, this.#list.length);
    return this.front(count).length < most ? this.#list[most - 1] : undefined;
  }

  /** Contacts of the candidates in any of the states, closest first. */
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
    // One entry for each address and id, so that a hostile node cannot fill the list with copies of itself.
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
  const network = isLocalAddress(host) ? undefined : host.slice(0, host.lastIndexOf("."));
  return { id, contact, state, network };
}
