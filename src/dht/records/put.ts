/**
 * The second half of a put: what to send to whom, given what a lookup found. Asks before it puts,
 * never takes a refusal or a silence for either success or failure without asking again.
 *
 * @module
 */

import { equalBytes } from "../../base/mod.ts";
import { type MutableItem, targetOf } from "../../records/mod.ts";
import type { LookupAnswer, LookupResult } from "../lookup/mod.ts";
import { compareDistance, decode, type DhtNode, type QueryValue } from "../node/mod.ts";
import { ItemReader, putArguments, type Shown } from "./item_query.ts";
import type { PutOutcome } from "./outcome.ts";

/** Options of {@linkcode putThrough}. */
export interface PutOptions {
  /** On how many of the closest nodes the item is to be held. */
  storeNodes: number;
  /** Held by fewer, the put is called weak. */
  minNodes: number;
  /** How long to wait for one node, milliseconds. */
  timeoutMs: number;
  /** Whether to send the item also to a node that holds it, so that it keeps it for longer. */
  refresh: (id: Uint8Array) => boolean;
  /** Called for each node that was sent the item and keeps it from now on, by its id. */
  onKept: (id: Uint8Array) => void;
  /** The `seq`s of the items that this one was made from. Any other, older or newer, is a conflict. */
  basedOn?: readonly number[];
  signal: AbortSignal;
}

/** BEP 44: the `cas` that we sent is not the `seq` that the node holds. */
const CAS_MISMATCH = 301;
/** BEP 44: the node holds this `seq` already, or a newer one. */
const SEQ_NOT_NEWER = 302;

/** Our node takes no longer ones either. Twenty bytes and less are usual; it goes back in every put. */
const MAX_TOKEN_BYTES = 255;

/** What a node gave for us to put with, if that can be a token. */
export function tokenOf({ token }: Record<string, unknown>): Uint8Array | undefined {
  return token instanceof Uint8Array && token.length <= MAX_TOKEN_BYTES ? token : undefined;
}

type Verdict = "had" | "took" | "refused" | "superseded" | "conflict";

/** Puts `item` to those of the closest nodes in `found` that lack it or hold an older one. */
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
  /** The item's value, decoded when it is needed first. */
  #value: QueryValue | undefined;
  /** Whom to offer the item, closest first: those that answered, then those that were not asked. */
  readonly #answers: { answer: LookupAnswer; shown: Shown }[];
  readonly #others: LookupResult["others"];
  /** Whom to ask when all the others have been. */
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
    // Everybody's answer is looked at before anything is sent: one node that knows better is enough.
    for (const { shown } of this.#answers) this.#judge(shown);
    if (this.#superseded || this.#conflict) return;
    const lane = async () => {
      // A node that refuses or is silent is replaced by the next closest.
      for (let next = await this.#next(); next; next = await this.#next()) {
        const verdict = await this.#offer(next.answer, next.shown);
        if (verdict === "took") this.#stored++;
        if (verdict === "had" || verdict === "took") this.#holding++;
        if (verdict !== "refused" || this.#options.signal.aborted) return;
        // What another lane has learnt meanwhile ends this one too.
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

  /** Whether what a node shows is ours, and if it is better, keeps it. */
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

  /** The next closest node, be it one that answered or one that is yet to be asked. */
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
    // cas only to a node that showed a value: to the others it would name a seq that they lack. Where
    // nothing may be overwritten unread they get it all the same: it holds if they got a value since.
    const unread = basedOn && Math.max(0, ...basedOn);
    const cas = shown.kind === "item" ? shown.item.seq : unread;
    const args = putArguments(this.#item, this.#value ??= decode(this.#item.value), token, cas);
    const result = await this.#node.query(answer.contact, "put", args, { timeoutMs, signal });
    // Some nodes answer 302 to the seq that they hold, and keep it as long.
    const isKept = known && result.kind === "refused" && result.code === SEQ_NOT_NEWER;
    if (result.kind === "reply" || isKept) onKept(id);
    // It showed the item a moment ago.
    if (known) return known;
    if (result.kind === "reply") return "took";
    if (result.kind === "failed") return this.#refused(result.why);
    const name = result.kind === "refused" ? String(result.code) : result.kind;
    if (signal.aborted || !retry) return this.#refused(name);
    if (
      result.kind === "timeout" || result.code === SEQ_NOT_NEWER || result.code === CAS_MISMATCH
    ) {
      // Not a failure, and not proof of success either. Ask.
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
