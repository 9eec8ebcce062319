/**
 * Finds the nodes closest to a target and what each of them answers. One lookup serves `get`,
 * `get_peers` and the first half of every put. It ends as soon as the closest nodes have answered,
 * and does not wait for the dead. What the answers mean is for the callers.
 *
 * @module
 */

import { type Clock, equalBytes, type Timer } from "../../base/mod.ts";
import {
  compareDistance,
  type Contact,
  type DhtNode,
  type KnownContact,
  neighbourTarget,
  parseCompactNodes,
  type QueryName,
  type QueryResult,
  type QueryValue,
  sharedBits,
} from "../node/mod.ts";
import { type Candidate, Candidates } from "./candidates.ts";
import { type DistanceEstimate, proximityBits } from "./distance_estimate.ts";
import { QUERY_TIMEOUT_MS, type RttEstimator } from "./rtt_estimator.ts";

/** One node's answer to a lookup's query. */
export interface LookupAnswer {
  /** Who answered; its `id` is the one that it gave itself. */
  contact: KnownContact;
  /** The decoded `r` dictionary, every member still unchecked. */
  body: Record<string, unknown>;
}

/** What {@linkcode lookup} found. */
export interface LookupResult {
  /** The answers, closest to the target first. */
  answers: LookupAnswer[];
  /** The nodes that were met but not asked, closest to the target first. */
  others: KnownContact[];
  /** Those that were late or seemed dead, closest to the target first. */
  doubtful: KnownContact[];
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
  /** How many queries may be under way at once, as long as closer nodes may yet be found. */
  concurrency: number;
  /** Fed with every lookup, and asked whether closer nodes may yet be found. */
  distances: DistanceEstimate;
  /** Fed with every answer, and asked how long to wait for one. */
  rtt: RttEstimator;
  clock: Clock;
  /** Nodes to begin with, besides those of the routing table. */
  start?: KnownContact[];
  /**
   * Ask few at first, and of those that are known from before only whom others still name. Takes
   * longer, and spares most of the packets to the dead.
   */
  frugal?: boolean;
  /** Ends the lookup early; what was found until then is the result. */
  signal?: AbortSignal;
  /** Called with each answer as it comes. Returning `false` ends the lookup. */
  onAnswer?: (answer: LookupAnswer) => boolean | void;
}

/**
 * Of one answer only this many contacts, the closest, become candidates. BEP 5 has a node name 8, and
 * npm:bittorrent-dht names all that it knows, of whom half may be dead. A liar that names hundreds
 * beside the target would have us ask them all before anybody else.
 */
const MAX_CONTACTS_TAKEN = 32;
/** Of so many nodes that named no others are their neighbours asked for. */
const MAX_BARREN_ASKED = 3;
/** So many nodes are asked for those at one distance, should the one be silent or a liar. */
const ASKED_A_DISTANCE = 2;
/** So many distances are tried; each holds twice as many nodes as the one before. */
const MAX_DISTANCES = 8;

/** A frugal lookup asks so many until it has answers that tell of the others. */
const ASKED_FIRST = 2;

/** Queries that were sent at once, and are late at once: they share a timer. */
interface AskedTogether {
  timer: Timer;
  /** Of those that are neither answered nor late. */
  onLate: Set<() => void>;
}

/** Runs one lookup through `node`. Never rejects; a network that is not there gives no answers. */
export function lookup(node: DhtNode, options: LookupOptions): Promise<LookupResult> {
  return new Lookup(node, options).run();
}

class Lookup {
  readonly #node: DhtNode;
  readonly #options: LookupOptions;
  readonly #candidates: Candidates;
  readonly #answers: LookupAnswer[] = [];
  readonly #errors: Record<string, number> = {};
  readonly #ended = new AbortController();
  #asked = 0;
  /** Queries under way that still count against the concurrency; late ones do not. */
  #waiting = 0;
  #late = 0;
  #begunAgain = false;
  /** How many bits those have in common with the target that are looked for first beyond the dead. */
  #nearestBits: number | undefined;
  #distancesTried = 0;
  /** Those that answered and named no other node. */
  readonly #barren: Contact[] = [];
  /** The queries that are being sent right now. */
  #askedTogether: AskedTogether | undefined;
  #resolve!: (result: LookupResult) => void;

  constructor(node: DhtNode, options: LookupOptions) {
    this.#node = node;
    this.#options = options;
    const { target, frugal } = options;
    this.#candidates = new Candidates({
      target,
      ownId: node.id,
      isUnresponsive: (contact) => node.isUnresponsive(contact),
      hearsay: frugal ?? false,
    });
  }

  run(): Promise<LookupResult> {
    const { closest, signal } = this.#options;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      if (signal?.aborted) return this.#end();
      signal?.addEventListener("abort", this.#end, { signal: this.#ended.signal });
      for (const contact of this.#options.start ?? []) this.#candidates.addKnown(contact);
      this.#begin(closest * 2);
      if (this.#candidates.count < closest) this.#askBootstrap();
      this.#step();
    });
  }

  /** Takes the closest of the routing table for candidates. */
  #begin(count: number): void {
    for (const contact of this.#node.closest(this.#options.target, count)) {
      if (contact.id) this.#candidates.addKnown(contact as KnownContact);
    }
  }

  #askBootstrap(): void {
    for (const contact of this.#node.bootstrapContacts()) {
      if (this.#candidates.isNewAddress(contact)) this.#ask(contact);
    }
  }

  /** Asks whom it is time to ask; ends the lookup when the closest have answered. */
  #step(): void {
    if (!this.#ended.signal.aborted) this.#goOn();
    this.#askedTogether = undefined;
  }

  #goOn(): void {
    const { target, closest, concurrency, distances } = this.#options;
    const front = this.#candidates.front(closest);
    const answered = front.filter(({ state }) => state === "answered").length;
    const reached = front.length < closest ? undefined : proximityBits(target, front.at(-1)!.id);
    // Whoever has not answered yet is farther than those that have: nobody waits for them.
    if (answered >= closest) {
      distances.add(reached!);
      return this.#end();
    }
    // Where none closer are to be expected all that are left have to be asked anyway.
    const isThere = reached !== undefined && distances.isNear(reached);
    const atOnce = this.#candidates.awaitHearsay ? ASKED_FIRST : isThere ? closest : concurrency;
    for (const candidate of front) {
      if (this.#waiting >= atOnce) break;
      if (candidate.state === "new") this.#ask(candidate.contact, candidate);
    }
    // Nobody is left to ask. With fewer answers than wanted, the late ones are worth waiting for; but
    // they may be dead, so that others are looked for meanwhile.
    if (this.#waiting > 0 || this.#askForMore() || this.#late > 0) return;
    this.#end();
  }

  /** Looks for candidates where there were none yet; returns whether there is any use in going on. */
  #askForMore(): boolean {
    const { closest } = this.#options;
    if (!this.#begunAgain) {
      // After a long sleep the part of the routing table that was asked may be dead as a whole.
      this.#begunAgain = true;
      this.#candidates.revive();
      this.#begin(closest * 4);
      this.#askBootstrap();
      for (const contact of this.#barren.slice(0, MAX_BARREN_ASKED)) {
        this.#askNeighbours(contact, this.#options.target);
      }
      this.#step();
      return true;
    }
    return this.#askFarther();
  }

  /**
   * Of the nodes that an answer names, always the closest to what was asked for, all may be dead and
   * all answers name the same. So those that answered are asked for the nodes beyond: at the distance
   * of the farthest of the closest candidates first, then at twice that, and so on.
   */
  #askFarther(): boolean {
    const { target, closest } = this.#options;
    if (this.#answers.length === 0) return false;
    const farthest = this.#candidates.farthestOfSome(closest);
    if (!farthest) return false;
    this.#nearestBits ??= sharedBits(target, farthest.id);
    const bits = this.#nearestBits - this.#distancesTried++;
    if (bits < 0 || this.#distancesTried > MAX_DISTANCES) return false;
    const wanted = neighbourTarget(target, bits);
    const asked = this.#answers.toSorted((a, b) =>
      compareDistance(wanted, a.contact.id, b.contact.id)
    ).slice(0, ASKED_A_DISTANCE);
    for (const { contact } of asked) this.#askNeighbours(contact, wanted);
    return true;
  }

  #ask(contact: Contact, candidate?: Candidate): void {
    const { query, args } = this.#options;
    this.#asked++;
    if (candidate) candidate.state = "waiting";
    const onLate = () => {
      if (candidate) candidate.state = "late";
    };
    this.#query(contact, query, args, onLate, (result) => {
      const error = this.#read(result, candidate);
      if (error === undefined) return;
      this.#errors[error] = (this.#errors[error] ?? 0) + 1;
      if (candidate) candidate.state = "failed";
    });
  }

  /**
   * Asks for nodes and nothing else. A node that has what is asked for may name no others beside it:
   * bittorrent-dht does not. Where nobody else is known, as right after the start, the lookup would be
   * over with one answer.
   */
  #askNeighbours(contact: Contact, target: Uint8Array): void {
    this.#query(contact, "find_node", { target }, () => {}, (result) => {
      if (result.kind === "reply") this.#learn(result.body.nodes);
    });
  }

  /** Sends one query. While it is neither answered nor late it counts against the concurrency. */
  async #query(
    contact: Contact,
    name: QueryName,
    args: Record<string, QueryValue>,
    onLate: () => void,
    onResult: (result: QueryResult) => void,
  ): Promise<void> {
    let late = false;
    this.#waiting++;
    const answered = this.#unlessAnswered(() => {
      late = true;
      this.#waiting--;
      this.#late++;
      onLate();
    });
    const result = await this.#node.query(contact, name, args, {
      timeoutMs: QUERY_TIMEOUT_MS,
      signal: this.#ended.signal,
    });
    answered();
    if (this.#ended.signal.aborted) return;
    if (late) this.#late--;
    else this.#waiting--;
    onResult(result);
    this.#step();
  }

  /**
   * Has `onLate` called when the patience with a query that is about to be sent is over.
   *
   * @returns what is to be called when the query is answered
   */
  #unlessAnswered(onLate: () => void): () => void {
    const asked = this.#askedTogether ??= this.#startPatience();
    asked.onLate.add(onLate);
    return () => {
      if (asked.onLate.delete(onLate) && asked.onLate.size === 0) asked.timer.cancel();
    };
  }

  #startPatience(): AskedTogether {
    const { rtt, clock } = this.#options;
    const onLate = new Set<() => void>();
    const timer = clock.after(rtt.patienceMs, () => {
      if (this.#ended.signal.aborted) return;
      for (const isLate of onLate) isLate();
      onLate.clear();
      this.#step();
    });
    return { timer, onLate };
  }

  /** Takes the nodes that an answer names for candidates; returns how many it names. */
  #learn(nodes: unknown): number {
    const contacts = parseCompactNodes(nodes);
    this.#candidates.addNamed(this.#closestOf(contacts));
    return contacts.length;
  }

  /** Takes in one result; returns what was wrong with it, if anything. */
  #read(result: QueryResult, candidate: Candidate | undefined): string | undefined {
    if (result.kind === "timeout") return "timeout";
    if (result.kind === "failed") return result.why;
    this.#options.rtt.add(result.rttMs);
    if (result.kind === "refused") return String(result.code);
    const id = result.body.id;
    if (!(id instanceof Uint8Array) || id.length !== 20) return "no node id";
    // It answers under another name than it was listed with: not the node that we look for.
    if (candidate && !equalBytes(candidate.id, id)) return "another node id";
    const contact = { id, host: result.from.host, port: result.from.port };
    if (candidate) candidate.state = "answered";
    // A bootstrap address turned out to be an ordinary node, so it takes part.
    else if (!this.#candidates.addAnswered(contact)) return "id seen twice";
    const answer: LookupAnswer = { contact, body: result.body };
    this.#answers.push(answer);
    if (this.#learn(result.body.nodes) === 0) this.#barren.push(contact);
    if (this.#options.onAnswer?.(answer) === false) this.#end();
    return undefined;
  }

  #closestOf(contacts: KnownContact[]): KnownContact[] {
    if (contacts.length <= MAX_CONTACTS_TAKEN) return contacts;
    const { target } = this.#options;
    return contacts.sort((a, b) => compareDistance(target, a.id, b.id)).slice(
      0,
      MAX_CONTACTS_TAKEN,
    );
  }

  #end = (): void => {
    if (this.#ended.signal.aborted) return;
    // With a reason of its own, no exception with a stack is made for it.
    this.#ended.abort("ended");
    const { target } = this.#options;
    this.#answers.sort((a, b) => compareDistance(target, a.contact.id, b.contact.id));
    this.#resolve({
      answers: this.#answers,
      others: this.#candidates.notAsked(),
      doubtful: this.#candidates.inState("late", "passed"),
      asked: this.#asked,
      errors: this.#errors,
    });
  };
}
