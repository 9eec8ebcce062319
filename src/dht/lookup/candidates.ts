/**
 * The nodes that a lookup has met, closest to its target first, and what is known of each. Whom to ask
 * when is for `lookup.ts`.
 *
 * @module
 */

import { isLocalAddress, toHex } from "../../base/mod.ts";
import { compareDistance, type Contact, type KnownContact } from "../node/mod.ts";

/** A node that may be among the closest. */
export interface Candidate {
  id: Uint8Array;
  contact: KnownContact;
  /** `passed`: not asked, because it seems dead. */
  state: "new" | "passed" | "waiting" | "late" | "answered" | "failed";
  /** The network of 256 addresses that it is in; `undefined` for a local one. */
  network: string | undefined;
  /**
   * How many answers left out a node that is only known from before, though they name farther ones;
   * `undefined` for one that somebody has named.
   */
  leftOut?: number;
}

/** Options of {@linkcode Candidates}. */
export interface CandidatesOptions {
  /** 20 bytes. */
  target: Uint8Array;
  /** The own node's, which is no candidate. */
  ownId: Uint8Array;
  isUnresponsive: (contact: Contact) => boolean;
  /** Whether a node that is known from before has to be named by others to count as there. */
  hearsay: boolean;
}

/** Only this many closest candidates are kept. */
const MAX_CANDIDATES = 256;
/** Candidates that nobody waits for. */
const PASSED_OVER: readonly Candidate["state"][] = ["passed", "late", "failed"];
/** BEP 5 has a node name so many; one that names fewer may have left anybody out. */
const NAMED = 8;
/**
 * So many have to leave a node out, and none may name it: one liar cannot have it passed over, and
 * none can as long as an honest neighbour answers.
 */
const LEFT_OUT_BY = 2;

/** Those of one lookup. */
export class Candidates {
  readonly #options: CandidatesOptions;
  /** Sorted, closest first. */
  readonly #list: Candidate[] = [];
  readonly #addresses = new Set<string>();
  /** By their ids in hexadecimal; the own node has none. */
  readonly #byId = new Map<string, Candidate | undefined>();
  #answers = 0;

  constructor(options: CandidatesOptions) {
    this.#options = options;
    this.#byId.set(toHex(options.ownId), undefined);
  }

  /** Adds a node that is known from before: from the routing table or an earlier lookup. */
  addKnown(contact: KnownContact): void {
    const candidate = this.#add(contact, this.#options.isUnresponsive(contact) ? "passed" : "new");
    if (candidate && this.#options.hearsay) candidate.leftOut = 0;
  }

  /** Adds the nodes that one answer names. */
  addNamed(contacts: KnownContact[]): void {
    for (const contact of contacts) {
      const known = this.#byId.get(toHex(contact.id));
      if (known) this.#vouchFor(known);
      else this.#add(contact, this.#options.isUnresponsive(contact) ? "passed" : "new");
    }
    this.#answers++;
    if (this.#options.hearsay && contacts.length >= NAMED) this.#passOverLeftOut(contacts);
  }

  /** Adds a node that answered without having been a candidate; `false` if one has its id. */
  addAnswered(contact: KnownContact): boolean {
    if (this.#byId.has(toHex(contact.id))) return false;
    this.#insert(newCandidate(contact, "answered"));
    return true;
  }

  /** Notes an address that is to be asked; `false` if it was noted before. */
  isNewAddress({ host, port }: Contact): boolean {
    const address = `${host}:${port}`;
    if (this.#addresses.has(address)) return false;
    this.#addresses.add(address);
    return true;
  }

  /** How many there are. */
  get count(): number {
    return this.#list.length;
  }

  /**
   * The closest that are not passed over, at most `count`, and of each network of 256 addresses only
   * the closest: somebody who has one machine, or one network, may run nodes by the thousand.
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

  /** The contacts of those that were not asked and need not have been passed over, closest first. */
  notAsked(): KnownContact[] {
    return this.front(MAX_CANDIDATES).filter(({ state }) => state === "new")
      .map(({ contact }) => contact);
  }

  /** Whether answers are awaited that tell which of those known from before are still there. */
  get awaitHearsay(): boolean {
    return this.#answers < LEFT_OUT_BY && this.#list.some(({ leftOut }) => leftOut === 0);
  }

  /** Those that seemed dead may be asked all the same. */
  revive(): void {
    for (const candidate of this.#list) {
      candidate.leftOut = undefined;
      if (candidate.state === "passed") candidate.state = "new";
    }
  }

  /** The farthest of the `count` closest, whatever became of them; `undefined` if none was left out. */
  farthestOfSome(count: number): Candidate | undefined {
    const most = Math.min(count, this.#list.length);
    return this.front(count).length < most ? this.#list[most - 1] : undefined;
  }

  /** The contacts of those in one of the states, closest first. */
  inState(...states: Candidate["state"][]): KnownContact[] {
    return this.#list.filter(({ state }) => states.includes(state)).map(({ contact }) => contact);
  }

  #vouchFor(candidate: Candidate): void {
    if (candidate.leftOut === LEFT_OUT_BY) candidate.state = "new";
    candidate.leftOut = undefined;
  }

  #passOverLeftOut(named: KnownContact[]): void {
    const { target } = this.#options;
    for (const candidate of this.#list) {
      if (candidate.leftOut === undefined || candidate.state !== "new") continue;
      if (!named.some(({ id }) => compareDistance(target, candidate.id, id) < 0)) continue;
      if (++candidate.leftOut === LEFT_OUT_BY) candidate.state = "passed";
    }
  }

  #add(contact: KnownContact, state: Candidate["state"]): Candidate | undefined {
    // One entry an address and one an id: a liar can fill neither list with copies of itself.
    if (this.#byId.has(toHex(contact.id))) return undefined;
    const last = this.#list.at(-1);
    const isFull = this.#list.length >= MAX_CANDIDATES;
    if (isFull && compareDistance(this.#options.target, contact.id, last!.id) >= 0) {
      return undefined;
    }
    if (!this.isNewAddress(contact)) return undefined;
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
