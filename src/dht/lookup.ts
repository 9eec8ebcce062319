/**
 * Finds the nodes closest to a target and what each of them answers. One lookup serves `get`,
 * `get_peers` and the first half of every put. It ends as soon as the closest nodes have answered,
 * and does not wait for the dead. What the answers mean is for the callers.
 *
 * @module
 */

import { type Clock, equalBytes, toHex } from "../base/mod.ts";
import { compareDistance } from "./distance.ts";
import type { Contact, DhtNode, QueryName, QueryValue } from "./node.ts";
import { QUERY_TIMEOUT_MS, type RoundTripEstimator } from "./round_trip.ts";

/** One node's answer to a lookup's query. */
export interface LookupAnswer {
  /** Who answered; its `id` is the one that it gave itself. */
  contact: Contact & { id: Uint8Array };
  /** The decoded `r` dictionary, every member still unchecked. */
  body: Record<string, unknown>;
}

/** What {@linkcode lookup} found. */
export interface LookupResult {
  /** The answers, closest to the target first. */
  answers: LookupAnswer[];
  /** The nodes that were met but not asked, closest to the target first. */
  others: (Contact & { id: Uint8Array })[];
  /** How many nodes were asked. */
  asked: number;
  /** Refusals, unreadable answers and silence, counted by what they were. */
  errors: Record<string, number>;
}

/** Options of {@linkcode lookup}. */
export interface LookupOptions {
  /** 20 bytes. */
  target: Uint8Array;
  /** `get`, `get_peers` or `find_node`. */
  query: QueryName;
  /** The query's arguments without the node's own id. */
  args: Record<string, QueryValue>;
  /** How many of the closest nodes must have answered; 8 in BEP 5's terms. */
  closest: number;
  /** How many queries may be under way at once. */
  concurrency: number;
  /** Fed with every answer, and asked how long to wait for one. */
  roundTrip: RoundTripEstimator;
  clock: Clock;
  /** Ends the lookup early; what was found until then is the result. */
  signal?: AbortSignal;
  /** Called with each answer as it comes. Returning `false` ends the lookup. */
  onAnswer?: (answer: LookupAnswer) => boolean | void;
}

/** Only this many closest candidates are kept. */
const MAX_CANDIDATES = 256;
/** A node may answer with its whole routing table; contacts past this many are not read. */
const MAX_CONTACTS_READ = 512;
/**
 * Of one answer only this many contacts, the closest, become candidates. BEP 5 has a node name 8, and
 * npm:bittorrent-dht names all that it knows, of whom half may be dead. A liar that names hundreds
 * beside the target would have us ask them all before anybody else.
 */
const MAX_CONTACTS_TAKEN = 32;
/** Of so many nodes that named no others are their neighbours asked for. */
const MAX_BARREN_ASKED = 3;
const COMPACT_NODE_BYTES = 26;

interface Candidate {
  id: Uint8Array;
  contact: Contact & { id: Uint8Array };
  state: "new" | "waiting" | "late" | "answered" | "failed";
}

/** Reads BEP 5's compact node info: 20 bytes of id, 4 of IPv4 address, 2 of port for each node. */
export function parseCompactNodes(bytes: unknown): (Contact & { id: Uint8Array })[] {
  if (!(bytes instanceof Uint8Array)) return [];
  const contacts: (Contact & { id: Uint8Array })[] = [];
  const end = Math.min(
    bytes.length - (bytes.length % COMPACT_NODE_BYTES),
    MAX_CONTACTS_READ * COMPACT_NODE_BYTES,
  );
  for (let at = 0; at < end; at += COMPACT_NODE_BYTES) {
    const port = bytes[at + 24]! * 256 + bytes[at + 25]!;
    if (port === 0 || bytes[at + 20] === 0) continue;
    contacts.push({
      id: bytes.subarray(at, at + 20),
      host: `${bytes[at + 20]}.${bytes[at + 21]}.${bytes[at + 22]}.${bytes[at + 23]}`,
      port,
    });
  }
  return contacts;
}

/** Runs one lookup through `node`. Never rejects; a network that is not there gives no answers. */
export function lookup(node: DhtNode, options: LookupOptions): Promise<LookupResult> {
  return new Lookup(node, options).run();
}

class Lookup {
  readonly #node: DhtNode;
  readonly #options: LookupOptions;
  /** Sorted, closest first. */
  readonly #candidates: Candidate[] = [];
  readonly #seenAddresses = new Set<string>();
  readonly #seenIds = new Set<string>();
  readonly #answers: LookupAnswer[] = [];
  readonly #errors: Record<string, number> = {};
  readonly #ended = new AbortController();
  #asked = 0;
  /** Queries under way that still count against the concurrency; late ones do not. */
  #waiting = 0;
  #late = 0;
  #begunAgain = false;
  /** Those that answered and named no other node. */
  readonly #barren: Contact[] = [];
  #resolve!: (result: LookupResult) => void;

  constructor(node: DhtNode, options: LookupOptions) {
    this.#node = node;
    this.#options = options;
    this.#seenIds.add(toHex(node.id));
  }

  run(): Promise<LookupResult> {
    const { closest, signal } = this.#options;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      if (signal?.aborted) return this.#end();
      signal?.addEventListener("abort", this.#end, { signal: this.#ended.signal });
      this.#begin(closest * 2);
      if (this.#candidates.length < closest) this.#askBootstrap();
      this.#step();
    });
  }

  /** Takes the closest of the routing table for candidates. */
  #begin(count: number): void {
    for (const contact of this.#node.closest(this.#options.target, count)) {
      if (contact.id) this.#add(contact as Contact & { id: Uint8Array });
    }
  }

  #askBootstrap(): void {
    for (const contact of this.#node.bootstrapContacts()) {
      const address = `${contact.host}:${contact.port}`;
      if (this.#seenAddresses.has(address)) continue;
      this.#seenAddresses.add(address);
      this.#ask(contact);
    }
  }

  #add(contact: Contact & { id: Uint8Array }): void {
    const address = `${contact.host}:${contact.port}`;
    const idHex = toHex(contact.id);
    // One entry an address and one an id: a liar can fill neither list with copies of itself.
    if (this.#seenAddresses.has(address) || this.#seenIds.has(idHex)) return;
    const { target } = this.#options;
    const last = this.#candidates.at(-1);
    if (
      this.#candidates.length >= MAX_CANDIDATES && last &&
      compareDistance(target, contact.id, last.id) >= 0
    ) return;
    this.#seenAddresses.add(address);
    this.#seenIds.add(idHex);
    const candidate: Candidate = { id: contact.id, contact, state: "new" };
    let low = 0;
    let high = this.#candidates.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareDistance(target, this.#candidates[middle]!.id, contact.id) < 0) low = middle + 1;
      else high = middle;
    }
    this.#candidates.splice(low, 0, candidate);
    if (this.#candidates.length > MAX_CANDIDATES && this.#candidates.at(-1)!.state === "new") {
      this.#candidates.pop();
    }
  }

  /** Asks whom it is time to ask; ends the lookup when the closest have answered. */
  #step(): void {
    if (this.#ended.signal.aborted) return;
    const { closest, concurrency } = this.#options;
    let alive = 0;
    let answered = 0;
    for (const candidate of this.#candidates) {
      if (alive >= closest) break;
      if (candidate.state === "failed" || candidate.state === "late") continue;
      alive++;
      if (candidate.state === "answered") answered++;
      else if (candidate.state === "new" && this.#waiting < concurrency) {
        this.#ask(candidate.contact, candidate);
      }
    }
    // Whoever has not answered yet is farther than those that have: nobody waits for them.
    if (answered >= closest) return this.#end();
    // Nobody is left to ask. With fewer answers than wanted, the late ones are worth waiting for.
    if (this.#waiting > 0 || this.#late > 0) return;
    if (this.#begunAgain) return this.#end();
    // After a long sleep the part of the routing table that was asked may be dead as a whole.
    this.#begunAgain = true;
    this.#begin(closest * 4);
    this.#askBootstrap();
    for (const contact of this.#barren.slice(0, MAX_BARREN_ASKED)) this.#askNeighbours(contact);
    this.#step();
  }

  async #ask(contact: Contact, candidate?: Candidate): Promise<void> {
    const { query, args, roundTrip, clock } = this.#options;
    this.#asked++;
    this.#waiting++;
    if (candidate) candidate.state = "waiting";
    let late = false;
    const patience = clock.after(roundTrip.patienceMs, () => {
      if (this.#ended.signal.aborted) return;
      late = true;
      this.#waiting--;
      this.#late++;
      if (candidate) candidate.state = "late";
      this.#step();
    });
    const result = await this.#node.query(contact, query, args, {
      timeoutMs: QUERY_TIMEOUT_MS,
      signal: this.#ended.signal,
    });
    patience.cancel();
    if (this.#ended.signal.aborted) return;
    if (late) this.#late--;
    else this.#waiting--;
    const error = this.#read(result, candidate);
    if (error !== undefined) {
      this.#errors[error] = (this.#errors[error] ?? 0) + 1;
      if (candidate) candidate.state = "failed";
    }
    this.#step();
  }

  /**
   * A node that has what is asked for may name no others beside it: bittorrent-dht does not. Where
   * nobody else is known, as right after the start, the lookup would be over with one answer.
   */
  async #askNeighbours(contact: Contact): Promise<void> {
    const { target } = this.#options;
    this.#waiting++;
    const result = await this.#node.query(contact, "find_node", { target }, {
      timeoutMs: QUERY_TIMEOUT_MS,
      signal: this.#ended.signal,
    });
    this.#waiting--;
    if (this.#ended.signal.aborted) return;
    if (result.kind === "reply") this.#learn(result.body.nodes);
    this.#step();
  }

  /** Takes the nodes that an answer names for candidates; returns how many it names. */
  #learn(nodes: unknown): number {
    const contacts = parseCompactNodes(nodes);
    for (const node of this.#closestOf(contacts)) this.#add(node);
    return contacts.length;
  }

  /** Takes in one result; returns what was wrong with it, if anything. */
  #read(
    result: Awaited<ReturnType<DhtNode["query"]>>,
    candidate: Candidate | undefined,
  ): string | undefined {
    if (result.kind === "timeout") return "timeout";
    if (result.kind === "failed") return result.why;
    this.#options.roundTrip.add(result.rttMs);
    if (result.kind === "refused") return String(result.code);
    const id = result.body.id;
    if (!(id instanceof Uint8Array) || id.length !== 20) return "no node id";
    // It answers under another name than it was listed with: not the node that we look for.
    if (candidate && !equalBytes(candidate.id, id)) return "another node id";
    const contact = { id, host: result.from.host, port: result.from.port };
    if (candidate) candidate.state = "answered";
    else if (!this.#seenIds.has(toHex(id))) {
      // A bootstrap address turned out to be an ordinary node, so it takes part.
      this.#seenIds.add(toHex(id));
      this.#insertAnswered(contact);
    } else return "id seen twice";
    const answer: LookupAnswer = { contact, body: result.body };
    this.#answers.push(answer);
    if (this.#learn(result.body.nodes) === 0) this.#barren.push(contact);
    if (this.#options.onAnswer?.(answer) === false) this.#end();
    return undefined;
  }

  #closestOf(contacts: (Contact & { id: Uint8Array })[]): (Contact & { id: Uint8Array })[] {
    if (contacts.length <= MAX_CONTACTS_TAKEN) return contacts;
    const { target } = this.#options;
    return contacts.sort((a, b) => compareDistance(target, a.id, b.id)).slice(
      0,
      MAX_CONTACTS_TAKEN,
    );
  }

  #insertAnswered(contact: Contact & { id: Uint8Array }): void {
    const { target } = this.#options;
    const candidate: Candidate = { id: contact.id, contact, state: "answered" };
    const at = this.#candidates.findIndex((c) => compareDistance(target, c.id, contact.id) > 0);
    if (at === -1) this.#candidates.push(candidate);
    else this.#candidates.splice(at, 0, candidate);
  }

  #end = (): void => {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    const { target } = this.#options;
    this.#answers.sort((a, b) => compareDistance(target, a.contact.id, b.contact.id));
    this.#resolve({
      answers: this.#answers,
      others: this.#candidates.filter(({ state }) => state === "new").map(({ contact }) => contact),
      asked: this.#asked,
      errors: this.#errors,
    });
  };
}
