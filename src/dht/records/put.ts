/**
 * The second half of a put: sends the item to the nodes that a lookup found. Nodes that hold the item
 * are left alone. A timeout or a 301/302 error proves neither success nor failure, so the node is asked
 * again what it holds.
 *
 * @module
 */

import { equalBytes } from "../../base/mod.ts";
import { type MutableItem, targetOf } from "../../records/mod.ts";
import type { LookupAnswer, LookupResult } from "../lookup/mod.ts";
import { compareDistance, type DhtNode } from "../node/mod.ts";
import { ItemReader, putArguments, type Shown } from "./item_query.ts";
import type { PutOutcome } from "./outcome.ts";

/** Options of {@linkcode putThrough}. */
export interface PutOptions {
  /** Number of closest nodes that should hold the item. */
  storeNodes: number;
  /** Minimum number of holders, below which the put is weak. */
  minNodes: number;
  /** Timeout of one query, milliseconds. */
  timeoutMs: number;
  /** Whether to send the item to a node, by its id, that holds it already, to extend the item's life there. */
  refresh: (id: Uint8Array) => boolean;
  /** Called with the id of each node that was sent the item and keeps it. */
  onKept: (id: Uint8Array) => void;
  /** The `seq`s of the items that this one is based on; any other older item is a conflict. */
  basedOn?: readonly number[];
  signal: AbortSignal;
}

/** BEP 44: the `cas` of the put is not the `seq` of the item held. */
const CAS_MISMATCH = 301;
/** BEP 44: the `seq` of the item held is not lower. */
const SEQ_NOT_NEWER = 302;

/** Maximum length of a write token, the same as our own node accepts. Most are 20 bytes or shorter. */
const MAX_TOKEN_BYTES = 255;

/** The write token of a reply; `undefined` if it has none, or an oversized one. */
export function tokenOf({ token }: Record<string, unknown>): Uint8Array | undefined {
  return token instanceof Uint8Array && token.length <= MAX_TOKEN_BYTES ? token : undefined;
}

type Verdict = "had" | "took" | "refused" | "superseded" | "conflict";

/** Puts `item` to the closest nodes of `found` that lack it or hold an older one. */
export async function putThrough(
  node: DhtNode,
  item: MutableItem,
  found: LookupResult,
  options: PutOptions,
): Promise<PutOutcome> {
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
  /** Nodes that answered the lookup, closest first, with the item that each returned. */
  readonly #answers: { answer: LookupAnswer; shown: Shown }[];
  /** Nodes that the lookup met but did not query, closest first. */
  readonly #others: LookupResult["others"];
  /** Late or unresponsive nodes, the last resort. */
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
    this.#answers = found.answers.map((answer) => ({
      answer,
      shown: this.#reader.read(answer.body),
    }));
    this.#others = found.others.slice(0, options.storeNodes);
    this.#doubtful = found.doubtful.slice(0, options.storeNodes);
  }

  async run(): Promise<void> {
    // All replies are checked before anything is sent: a single newer item ends the put.
    for (const { shown } of this.#answers) this.#judge(shown);
    if (this.#superseded || this.#conflict) return;
    const lane = async () => {
      // A node that refuses or times out is replaced by the next closest.
      for (let next = await this.#next(); next; next = await this.#next()) {
        const verdict = await this.#offer(next.answer, next.shown);
        if (verdict === "took") this.#stored++;
        if (verdict === "had" || verdict === "took") this.#holding++;
        if (verdict !== "refused" || this.#options.signal.aborted) return;
        // A conflict that another lane has met ends this one too.
        if (this.#superseded || this.#conflict) return;
      }
    };
    await Promise.all(Array.from({ length: this.#options.storeNodes }, lane));
  }

  outcome(): PutOutcome {
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

  /** Compares a node's item with ours, and remembers a newer or conflicting one. */
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

  /** The next closest node with its reply; nodes that the lookup did not query are queried now. */
  async #next(): Promise<{ answer: LookupAnswer; shown: Shown } | undefined> {
    for (
      let [other] = this.#others;
      other && !this.#options.signal.aborted;
      [other] = this.#others
    ) {
      const [answered] = this.#answers;
      if (answered && this.#isCloser(answered.answer.contact.id, other.id)) break;
      this.#others.shift();
      const found = await this.#askOther(other);
      if (found) return found;
    }
    if (this.#answers.length > 0) return this.#answers.shift();
    for (
      let other = this.#doubtful.shift();
      other && !this.#options.signal.aborted;
      other = this.#doubtful.shift()
    ) {
      const found = await this.#askOther(other);
      if (found) return found;
    }
    return undefined;
  }

  async #askOther(contact: LookupAnswer["contact"]) {
    this.#asked++;
    const found = await this.#ask(contact);
    if (found) this.#responded++;
    return found;
  }

  #isCloser(a: Uint8Array, b: Uint8Array): boolean {
    return compareDistance(this.#target, a, b) < 0;
  }

  async #offer(answer: LookupAnswer, shown: Shown, retry = true): Promise<Verdict> {
    const { timeoutMs, refresh, onKept, basedOn, signal } = this.#options;
    const { id } = answer.contact;
    const known = this.#judge(shown);
    const token = tokenOf(answer.body);
    if (known && !(known === "had" && token && refresh(id))) return known;
    if (!token) return this.#refused("no token");
    // `cas` goes to nodes that returned an item, because the others would have nothing to compare with
    // it. With `basedOn` they get it too, so that an item that reached them since is not overwritten.
    const unread = basedOn && Math.max(0, ...basedOn);
    const cas = shown.kind === "item" ? shown.item.seq : unread;
    const args = putArguments(this.#item, token, cas);
    const result = await this.#node.query(answer.contact, "put", args, { timeoutMs, signal });
    // Some nodes answer 302 to the `seq` that they hold, and extend the item's life all the same.
    const isKept = known && result.kind === "refused" && result.code === SEQ_NOT_NEWER;
    if (result.kind === "reply" || isKept) onKept(id);
    // The node returned our item a moment ago.
    if (known) return known;
    if (result.kind === "reply") return "took";
    if (result.kind === "failed") return this.#refused(result.why);
    const name = result.kind === "refused" ? String(result.code) : result.kind;
    if (signal.aborted || !retry) return this.#refused(name);
    if (
      result.kind === "timeout" || result.code === SEQ_NOT_NEWER || result.code === CAS_MISMATCH
    ) {
      // The item may have been stored or not, so ask the node what it holds.
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
