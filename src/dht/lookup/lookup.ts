/**
 * Iterative lookup: finds the nodes closest to a target and collects their replies. `get`,
 * `get_peers` and the first half of every put use it. A lookup ends when the closest live nodes
 * have answered; it does not wait for unresponsive nodes. The callers interpret the replies.
 *
 * @module
 */

import {
  type Clock,
  equalBytes,
  type KnownContact,
  parseCompactNodes,
  sharedBits,
} from "../../base/mod.ts";
import {
  compareDistance,
  type Contact,
  type DhtNode,
  neighbourTarget,
  type QueryName,
  type QueryResult,
  type QueryValue,
} from "../node/mod.ts";
import { type Candidate, Candidates } from "./candidates.ts";
import { type DistanceEstimate, proximityBits } from "./distance_estimate.ts";
import { Patience } from "./patience.ts";
import { QUERY_TIMEOUT_MS, type RttEstimator } from "./rtt_estimator.ts";

/** One node's reply to the query of a lookup. */
export interface LookupAnswer {
  /** The node that answered, with the id from its reply. */
  contact: KnownContact;
  /** The decoded `r` dictionary of the KRPC reply, unvalidated. */
  body: Record<string, unknown>;
}

/** Result of {@linkcode lookup}. */
export interface LookupResult {
  /** Replies, closest node to the target first. */
  answers: LookupAnswer[];
  /** Nodes that the lookup found but did not query, closest to the target first. */
  others: KnownContact[];
  /** Nodes that were late, or were skipped as unresponsive, closest to the target first. */
  doubtful: KnownContact[];
  /** Number of nodes queried. */
  asked: number;
  /** Number of failed queries by reason: a KRPC error code, `timeout`, … */
  errors: Record<string, number>;
}

/** Options of {@linkcode lookup}. */
export interface LookupOptions {
  /** Target of the lookup, 20 bytes. */
  target: Uint8Array;
  /** Name of the query that the lookup sends: `get`, `get_peers` or `find_node`. */
  query: QueryName;
  /** Arguments of the query, without the id of the local node. */
  args: Record<string, QueryValue>;
  /** Number of closest nodes that must answer; k = 8 in BEP 5. */
  closest: number;
  /** Maximum number of queries under way while the lookup expects to find closer nodes. */
  concurrency: number;
  /**
   * Estimate by which the lookup decides whether to expect closer nodes; updated by the lookup, unless
   * `isAside` is set.
   */
  distances: DistanceEstimate;
  /** Whether nobody waits for this lookup, so that the estimate is left as it is. */
  isAside?: boolean;
  /** Estimate of the time to wait for a reply. The lookup updates the estimate with each reply. */
  rtt: RttEstimator;
  clock: Clock;
  /** Nodes from which the lookup starts, in addition to the routing table. */
  start?: KnownContact[];
  /**
   * Slow mode that sends fewer packets to nodes that have left the network. The lookup first
   * queries two nodes. Of the nodes known from earlier lookups, it then queries only those that the
   * replies name.
   */
  frugal?: boolean;
  /** Ends the lookup early. The result then contains the replies so far. */
  signal?: AbortSignal;
  /** Called with each reply when it arrives. Returning `false` ends the lookup. */
  onAnswer?: (answer: LookupAnswer) => boolean | void;
}

/**
 * Maximum number of contacts of one reply that become candidates; the closest are taken. A node
 * should name 8 nodes (BEP 5), but npm:bittorrent-dht names its whole table. A hostile node could
 * name hundreds of fake nodes next to the target, which the lookup would have to query first.
 */
const MAX_CONTACTS_TAKEN = 32;
/** Maximum number of nodes queried again with `find_node`, because their reply named no nodes. */
const MAX_FOLLOW_UPS = 3;
/**
 * Number of nodes that are queried at each distance in the search past dead nodes. Two nodes are
 * queried, because one of the two may be unresponsive or lie.
 */
const QUERIES_PER_DISTANCE = 2;
/**
 * Maximum number of distances in the search past dead nodes. Each distance covers twice as many
 * nodes as the previous one.
 */
const MAX_DISTANCES = 8;

/**
 * Maximum number of concurrent queries in a frugal lookup before its first replies. Only the
 * replies tell which nodes are alive.
 */
const FRUGAL_CONCURRENCY = 2;

/** Runs one lookup through `node`. Never rejects; without a network, the result contains no replies. */
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
  /**
   * Number of queries under way that are not late. Late queries do not count against the
   * concurrency.
   */
  #waiting = 0;
  #late = 0;
  #restarted = false;
  /** Number of leading bits shared with the target at which the search past dead nodes starts. */
  #firstPrefixBits: number | undefined;
  #distancesTried = 0;
  /** Number of `find_node` queries to nodes whose reply named no other nodes. */
  #followUps = 0;
  readonly #patience: Patience;
  #resolve!: (result: LookupResult) => void;

  constructor(node: DhtNode, options: LookupOptions) {
    this.#node = node;
    this.#options = options;
    const { target, frugal, rtt, clock } = options;
    this.#patience = new Patience(rtt, clock, () => this.#step());
    this.#candidates = new Candidates({
      target,
      ownId: node.id,
      isUnresponsive: (contact) => node.isUnresponsive(contact),
      requireMention: frugal ?? false,
    });
  }

  run(): Promise<LookupResult> {
    const { closest, signal } = this.#options;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      if (signal?.aborted) return this.#end();
      signal?.addEventListener("abort", this.#end, { signal: this.#ended.signal });
      for (const contact of this.#options.start ?? []) this.#candidates.addKnown(contact);
      this.#addFromTable(closest * 2);
      if (this.#candidates.count < closest) this.#askBootstrap();
      this.#step();
    });
  }

  /** Makes candidates of the nodes in the routing table that are closest to the target. */
  #addFromTable(count: number): void {
    for (const contact of this.#node.closest(this.#options.target, count)) {
      if (contact.id) this.#candidates.addKnown(contact as KnownContact);
    }
  }

  #askBootstrap(): void {
    for (const contact of this.#node.bootstrapContacts()) {
      if (this.#candidates.claimAddress(contact)) this.#ask(contact);
    }
  }

  /** Sends the queries that are due; ends the lookup when the closest nodes have answered. */
  #step(): void {
    if (!this.#ended.signal.aborted) this.#advance();
    this.#patience.endStep();
  }

  #advance(): void {
    const { target, closest, concurrency, distances } = this.#options;
    let front = this.#candidates.front(closest);
    if (front.length < closest) {
      // The routing table is filled while the first lookups of a process run.
      this.#addFromTable(closest * 2);
      front = this.#candidates.front(closest);
    }
    const isAnswered = front.every(({ state }) => state === "answered");
    const last = front[closest - 1];
    const reached = last && proximityBits(target, last.id);
    // The queries under way went to nodes farther away than the nodes that have answered, so the
    // lookup does not wait for their replies.
    if (isAnswered && reached !== undefined) {
      if (!this.#options.isAside) distances.add(reached);
      return this.#end();
    }
    // If the candidates are probably the closest nodes of the network, all of them are queried at
    // once.
    const hasConverged = reached !== undefined && distances.isNear(reached);
    const atOnce = this.#candidates.awaitsMention
      ? FRUGAL_CONCURRENCY
      : hasConverged
      ? front.length
      : concurrency;
    for (const candidate of front) {
      if (this.#waiting >= atOnce) break;
      if (candidate.state === "new") this.#ask(candidate.contact, candidate);
    }
    // All candidates were queried, and too few have answered. Late nodes may still answer or may be
    // dead, so the lookup searches for other nodes while it waits.
    if (this.#waiting > 0 || this.#askForMore() || this.#late > 0) return;
    this.#end();
  }

  /** Searches for more candidates; returns `false` if no node is left to query. */
  #askForMore(): boolean {
    const { closest } = this.#options;
    if (!this.#restarted) {
      // All nodes queried so far may have left the network, for example while the machine was
      // suspended. So the lookup starts again from the routing table and the bootstrap nodes.
      this.#restarted = true;
      this.#candidates.revive();
      this.#addFromTable(closest * 4);
      this.#askBootstrap();
      this.#step();
      return true;
    }
    return this.#askFarther();
  }

  /**
   * Searches past dead nodes. A reply names the nodes closest to the target. If all of these are
   * dead, every reply names the same dead nodes. The live nodes are therefore queried for nodes
   * farther away: first at the distance of the farthest of the `closest` candidates, then at twice
   * this distance, and so on.
   */
  #askFarther(): boolean {
    const { target, closest } = this.#options;
    if (this.#answers.length === 0) return false;
    const farthest = this.#candidates.farthestOfClosest(closest);
    if (!farthest) return false;
    this.#firstPrefixBits ??= sharedBits(target, farthest.id);
    const bits = this.#firstPrefixBits - this.#distancesTried++;
    if (bits < 0 || this.#distancesTried > MAX_DISTANCES) return false;
    const wanted = neighbourTarget(target, bits);
    const asked = this.#answers.toSorted((a, b) =>
      compareDistance(wanted, a.contact.id, b.contact.id)
    ).slice(0, QUERIES_PER_DISTANCE);
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
   * Asks a node, whose reply named no other nodes, for nodes, if there are too few candidates. A
   * node that holds the wanted item may omit `nodes` from its reply to `get`, as
   * npm:bittorrent-dht does; a lookup that has just started would then end with one reply.
   */
  #followUp(contact: Contact): void {
    const { target, closest } = this.#options;
    if (this.#followUps >= MAX_FOLLOW_UPS || this.#candidates.front(closest).length >= closest) {
      return;
    }
    this.#followUps++;
    this.#askNeighbours(contact, target);
  }

  /** Sends a `find_node` query, which returns nodes only. */
  #askNeighbours(contact: Contact, target: Uint8Array): void {
    this.#query(contact, "find_node", { target }, () => {}, (result) => {
      if (result.kind === "reply") this.#learn(result.body);
    });
  }

  /** Sends one query, which counts against the concurrency until it is answered or late. */
  async #query(
    contact: Contact,
    name: QueryName,
    args: Record<string, QueryValue>,
    onLate: () => void,
    onResult: (result: QueryResult) => void,
  ): Promise<void> {
    let late = false;
    this.#waiting++;
    const onAnswered = this.#patience.watch(() => {
      late = true;
      this.#waiting--;
      this.#late++;
      onLate();
    });
    const result = await this.#node.query(contact, name, args, {
      timeoutMs: QUERY_TIMEOUT_MS,
      signal: this.#ended.signal,
    });
    onAnswered();
    if (this.#ended.signal.aborted) return;
    if (late) this.#late--;
    else this.#waiting--;
    onResult(result);
    this.#step();
  }

  /** Makes candidates of the nodes that a reply names, and returns the number of these nodes. */
  #learn({ nodes, nodes6 }: Record<string, unknown>): number {
    const { family } = this.#node;
    const contacts = parseCompactNodes(family === 4 ? nodes : nodes6, family);
    this.#candidates.addNamed(this.#closestOf(contacts));
    return contacts.length;
  }

  /**
   * Processes the result of a query. Returns the reason for its failure; `undefined` if it
   * succeeded.
   */
  #read(result: QueryResult, candidate: Candidate | undefined): string | undefined {
    if (result.kind === "timeout") return "timeout";
    if (result.kind === "failed") return result.why;
    this.#options.rtt.add(result.rttMs);
    this.#patience.shorten();
    if (result.kind === "refused") return String(result.code);
    const id = result.body.id;
    if (!(id instanceof Uint8Array) || id.length !== 20) return "no node id";
    // The id in the reply differs, so another node now uses the candidate's address.
    if (candidate && !equalBytes(candidate.id, id)) return "another node id";
    const contact = { id, host: result.from.host, port: result.from.port };
    if (candidate) candidate.state = "answered";
    // The query went to a bootstrap node, which now becomes an ordinary candidate.
    else if (!this.#candidates.addAnswered(contact)) return "id seen twice";
    const answer: LookupAnswer = { contact, body: result.body };
    this.#answers.push(answer);
    if (this.#learn(result.body) === 0) this.#followUp(contact);
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
    // The abort reason is a string, because creating an `Error` with a stack trace takes longer.
    this.#ended.abort("ended");
    this.#patience.stop();
    const { target } = this.#options;
    this.#answers.sort((a, b) => compareDistance(target, a.contact.id, b.contact.id));
    this.#resolve({
      answers: this.#answers,
      others: this.#candidates.notQueried(),
      doubtful: this.#candidates.inState("late", "passed"),
      asked: this.#asked,
      errors: this.#errors,
    });
  };
}
