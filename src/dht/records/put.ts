/**
 * The second half of a put: sends the item to the nodes that a lookup found. Nodes that hold the
 * item already are skipped. After a timeout or an error 301 or 302, the node may or may not have
 * stored the item, so the node is asked for the item again.
 *
 * @module
 */

import { equalBytes } from "../../base/mod.ts";
import { type MutableItem, targetOf } from "../../records/mod.ts";
import { fitsAddress } from "../../reachability/mod.ts";
import { type LookupAnswer, type LookupResult, preferFitting } from "../lookup/mod.ts";
import { compareDistance, type DhtNode } from "../node/mod.ts";
import { ItemReader, putArguments, type Shown } from "./item_query.ts";
import type { PutOutcome } from "./outcome.ts";

/** Options of {@linkcode putThrough}. */
export interface PutOptions {
  /** Number of nodes closest to the target that should hold the item. */
  storeNodes: number;
  /** Minimum number of nodes that hold the item after a put; with fewer, the put is weak. */
  minNodes: number;
  /** Timeout of one query, milliseconds. */
  timeoutMs: number;
  /**
   * Decides whether to send the item again to a node that already holds the item. Sending it again
   * extends the item's lifetime on that node. The argument is the node's id.
   */
  refresh: (id: Uint8Array) => boolean;
  /** Called with the id of each node that was sent the item and now holds the item. */
  onKept: (id: Uint8Array) => void;
  /** The `seq`s of the items from which the new item was made. Any other older item is a conflict. */
  basedOn?: readonly number[];
  /**
   * Whether there is time left to offer the item to another node in place of one that has not taken
   * it. Nodes that never answer would otherwise prolong a put by seconds each.
   */
  hasTime: () => boolean;
  signal: AbortSignal;
}

/** Error code of BEP 44: the `cas` of the put differs from the `seq` of the stored item. */
const CAS_MISMATCH = 301;
/** Error code of BEP 44: the stored item has the same or a higher `seq`. */
const SEQ_NOT_NEWER = 302;

/**
 * Maximum length of a write token, bytes. The engine's DHT node has the same maximum. Most tokens
 * are 20 bytes or shorter.
 */
const MAX_TOKEN_BYTES = 255;

/** Returns the write token of a reply; `undefined` if the token is missing or too long. */
export function tokenOf({ token }: Record<string, unknown>): Uint8Array | undefined {
  return token instanceof Uint8Array && token.length <= MAX_TOKEN_BYTES ? token : undefined;
}

type Verdict = "had" | "took" | "refused" | "superseded" | "conflict";

/** Outcome of a put through one borrowed node. */
export type NodePut = Omit<PutOutcome, "byFamily">;

/** Puts `item` to the closest nodes of the lookup `found` that lack the item or hold an older one. */
export async function putThrough(
  node: DhtNode,
  item: MutableItem,
  found: LookupResult,
  options: PutOptions,
): Promise<NodePut> {
  const put = new Put(node, item, found, options);
  await put.run();
  return put.outcome();
}

class Put {
  readonly #node: DhtNode;
  readonly #item: MutableItem;
  readonly #options: PutOptions;
  readonly #errors: Record<string, number>;
  readonly #reader: ItemReader;
  readonly #target: Uint8Array;
  /**
   * Nodes that answered the lookup, each with the item that it returned. Those that should hold the
   * item come first.
   */
  readonly #answers: { answer: LookupAnswer; shown: Shown }[];
  /** Nodes that the lookup found but did not query, closest first. */
  readonly #others: LookupResult["others"];
  /** Late or unresponsive nodes, to which the item is sent only when no other node is left. */
  readonly #doubtful: LookupResult["doubtful"];
  #asked: number;
  #responded: number;
  #superseded: MutableItem | undefined;
  #conflict: MutableItem | undefined;
  #holding = 0;
  #stored = 0;

  constructor(node: DhtNode, item: MutableItem, found: LookupResult, options: PutOptions) {
    this.#node = node;
    this.#item = item;
    this.#options = options;
    this.#reader = new ItemReader(item, item);
    this.#target = targetOf(item.publicKey, item.salt);
    this.#asked = found.asked;
    this.#responded = found.answers.length;
    this.#errors = { ...found.errors };
    this.#answers = preferFitting(found.answers, options.storeNodes).map((answer) => ({
      answer,
      shown: this.#reader.read(answer.body),
    }));
    this.#others = found.others.slice(0, options.storeNodes);
    this.#doubtful = found.doubtful.slice(0, options.storeNodes);
  }

  async run(): Promise<void> {
    // All replies are checked before the first put, because a single newer item ends the operation.
    for (const { shown } of this.#answers) this.#judge(shown);
    if (this.#superseded || this.#conflict) return;
    const lane = async () => {
      // A node that refuses the item or times out is replaced by the next closest node.
      for (let next = await this.#next(); next; next = await this.#next()) {
        const verdict = await this.#offer(next.answer, next.shown);
        if (verdict === "took") this.#stored++;
        if (verdict === "had" || verdict === "took") this.#holding++;
        if (verdict !== "refused" || !this.#mayAsk()) return;
        // Several nodes are served concurrently; a conflict on one of them ends the whole put.
        if (this.#superseded || this.#conflict) return;
      }
    };
    await Promise.all(Array.from({ length: this.#options.storeNodes }, lane));
  }

  outcome(): NodePut {
    const { minNodes } = this.#options;
    return {
      asked: this.#asked,
      responded: this.#responded,
      holding: this.#holding,
      stored: this.#stored,
      weak: this.#holding < minNodes,
      needsRetry: this.#holding < Math.min(minNodes, Math.max(this.#responded, 1)),
      superseded: this.#superseded,
      conflict: this.#conflict,
      errors: this.#errors,
    };
  }

  /**
   * Compares the item that a node returned with the item to put. Remembers a newer or conflicting
   * item for the outcome.
   */
  #judge(shown: Shown): Verdict | undefined {
    if (shown.kind !== "item") return undefined;
    const { item } = shown;
    if (item.seq > this.#item.seq) {
      if (!this.#superseded || item.seq > this.#superseded.seq) this.#superseded = item;
      return "superseded";
    }
    const { basedOn } = this.#options;
    const isKnown = !basedOn || basedOn.includes(item.seq);
    if (item.seq < this.#item.seq && isKnown) return undefined;
    if (item.seq === this.#item.seq && equalBytes(item.value, this.#item.value)) return "had";
    if (!this.#conflict || item.seq > this.#conflict.seq) this.#conflict = item;
    return "conflict";
  }

  /**
   * Returns the next closest node with its reply. A node that the lookup did not query is queried
   * now.
   */
  async #next(): Promise<{ answer: LookupAnswer; shown: Shown } | undefined> {
    for (
      let [other] = this.#others;
      other && this.#mayAsk();
      [other] = this.#others
    ) {
      const [answered] = this.#answers;
      if (answered && this.#isPreferred(answered.answer.contact, other)) break;
      this.#others.shift();
      const found = await this.#askOther(other);
      if (found) return found;
    }
    if (this.#answers.length > 0) return this.#answers.shift();
    for (
      let other = this.#doubtful.shift();
      other && this.#mayAsk();
      other = this.#doubtful.shift()
    ) {
      const found = await this.#askOther(other);
      if (found) return found;
    }
    return undefined;
  }

  /** Whether another node may be asked in place of one that has not taken the item. */
  #mayAsk(): boolean {
    return !this.#options.signal.aborted && this.#options.hasTime();
  }

  async #askOther(contact: LookupAnswer["contact"]) {
    this.#asked++;
    const found = await this.#ask(contact);
    if (found) this.#responded++;
    return found;
  }

  /** Whether the node `a`, which has answered, should hold the item rather than the node `b`. */
  #isPreferred(a: LookupAnswer["contact"], b: LookupAnswer["contact"]): boolean {
    const isFitting = fitsAddress(a.id, a.host);
    if (isFitting !== fitsAddress(b.id, b.host)) return isFitting;
    return compareDistance(this.#target, a.id, b.id) < 0;
  }

  async #offer(answer: LookupAnswer, shown: Shown, retry = true): Promise<Verdict> {
    const { timeoutMs, refresh, onKept, basedOn, signal } = this.#options;
    const { id } = answer.contact;
    const known = this.#judge(shown);
    const token = tokenOf(answer.body);
    if (known && !(known === "had" && token && refresh(id))) return known;
    if (!token) return this.#refused("no token");
    // A node that returned an item gets a `cas`; a node without an item has no `seq` to compare.
    // With `basedOn`, every node gets a `cas`, to protect an item that arrived on the node after
    // the lookup.
    const unread = basedOn && Math.max(0, ...basedOn);
    const cas = shown.kind === "item" ? shown.item.seq : unread;
    const args = putArguments(this.#item, token, cas);
    const result = await this.#node.query(answer.contact, "put", args, { timeoutMs, signal });
    // Some nodes extend the lifetime of an item with the same `seq`, but answer with error 302.
    const isKept = known && result.kind === "refused" && result.code === SEQ_NOT_NEWER;
    if (result.kind === "reply" || isKept) onKept(id);
    // The node held the item before this put, so the result of the query does not matter.
    if (known) return known;
    if (result.kind === "reply") return "took";
    if (result.kind === "failed") return this.#refused(result.why);
    const name = result.kind === "refused" ? String(result.code) : result.kind;
    if (signal.aborted || !retry) return this.#refused(name);
    if (
      result.kind === "timeout" || result.code === SEQ_NOT_NEWER || result.code === CAS_MISMATCH
    ) {
      // The node may or may not have stored the item, so it is asked for the item.
      const again = await this.#ask(answer.contact);
      const verdict = again && this.#judge(again.shown);
      if (verdict) return verdict;
      if (again && name === String(CAS_MISMATCH)) {
        return await this.#offer(again.answer, again.shown, false);
      }
    }
    return this.#refused(name);
  }

  async #ask(contact: LookupAnswer["contact"]) {
    const { timeoutMs, signal } = this.#options;
    const target = this.#target;
    const result = await this.#node.query(contact, "get", { target }, { timeoutMs, signal });
    if (result.kind !== "reply") return undefined;
    return { answer: { contact, body: result.body }, shown: this.#reader.read(result.body) };
  }

  #refused(why: string): Verdict {
    this.#errors[why] = (this.#errors[why] ?? 0) + 1;
    return "refused";
  }
}
