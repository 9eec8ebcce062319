/**
 * Answers `get` and `put` queries of other DHT nodes (BEP 44), instead of npm:bittorrent-dht. The
 * package re-encodes values, drops the value 0, includes an empty salt in the signed bytes, omits
 * `nodes` beside a value, ignores `seq` in a `get`, and has wrong or missing error replies.
 *
 * @module
 */

import { compactNodeBytes, equalBytes, type Family, toHex } from "../../base/mod.ts";
import { Encoded } from "../../bencode/mod.ts";
import { immutableTarget, targetOf, verifyItem } from "../../records/mod.ts";
import type { Krpc, Refusal } from "../libraries/mod.ts";
import type { ItemStore, StoredItem } from "./item_store.ts";
import type { WriteTokens } from "./write_tokens.ts";

/** Source address of a query. */
export interface Sender {
  address: string;
  port: number;
}

/**
 * A query that `engine/libraries/krpc/krpc_guard.ts` has validated, so its members have the types
 * declared here.
 */
export interface ItemQuery {
  /** Transaction id of the query. */
  t: Uint8Array;
  a: {
    target?: Uint8Array;
    token?: Uint8Array;
    k?: Uint8Array;
    sig?: Uint8Array;
    salt?: Uint8Array;
    seq?: number;
    cas?: number;
  };
}

/** Options of {@linkcode ItemAnswers}: the node, the stored items and the write tokens. */
export interface ItemAnswersOptions {
  krpc: Krpc;
  /** The family of the addresses in the node's table. */
  family: Family;
  items: ItemStore;
  tokens: WriteTokens;
}

/** Maximum length of an answer in bytes: the UDP payload that fits into one Ethernet frame. */
const MAX_ANSWER_BYTES = 1_472;
/** Maximum number of nodes in an answer (BEP 5). */
const NODES = 8;
/**
 * Length in bytes of an answer without value, nodes, transaction id and `ip`. It consists of `id`,
 * `k`, `seq`, `sig`, `token` and the keys.
 */
const BASE_BYTES = 230;
/** Length in bytes of the member `ip` (BEP 42) of an answer, by address family. */
const IP_BYTES: Record<Family, number> = { 4: 12, 6: 25 };

/** Answers `get` and `put` queries with the stored items. */
export class ItemAnswers {
  readonly #options: ItemAnswersOptions;

  constructor(options: ItemAnswersOptions) {
    this.#options = options;
  }

  /**
   * Answers a `get` with a write token, the closest nodes and the stored item. If the query's `seq`
   * shows that the sender already has the item, the value is omitted.
   */
  get(query: ItemQuery, from: Sender): void {
    const { krpc, family, items, tokens } = this.#options;
    const { target, seq } = query.a;
    if (!target) return this.#refuse(query, from, { code: 203, message: "no target" });
    const item = items.get(toHex(target));
    const r = { id: krpc.id, token: tokens.issue(from.address), ...itemMembers(item, seq) };
    const used = BASE_BYTES + IP_BYTES[family] + query.t.length + (item?.value.length ?? 0);
    const room = Math.floor((MAX_ANSWER_BYTES - used) / compactNodeBytes(family));
    krpc.response(from, query, r, krpc.nodes.closest(target, Math.min(NODES, room)));
  }

  /**
   * Answers a `put` query, and stores its item if the item is valid.
   *
   * @param value the value as bencoded in the packet; `undefined` if the query has none
   */
  put(query: ItemQuery, from: Sender, value: Uint8Array | undefined): void {
    const { krpc } = this.#options;
    const refusal = this.#take(query, from, value);
    if (refusal) this.#refuse(query, from, refusal);
    else krpc.response(from, query, { id: krpc.id });
  }

  #take(
    { a }: ItemQuery,
    from: Sender,
    value: Uint8Array | undefined,
  ): Refusal | undefined {
    const { items, tokens } = this.#options;
    if (!a.token || !tokens.isValid(from.address, a.token)) {
      return { code: 203, message: "bad token" };
    }
    if (!value) return { code: 203, message: "no v" };
    // The value is copied, because a view would keep the whole packet in memory as long as the item
    // is stored.
    const copy = new Uint8Array(value);
    if (!a.k && !a.sig) {
      items.put(toHex(immutableTarget(copy)), { value: copy });
      return undefined;
    }
    if (!a.k) return { code: 203, message: "no k" };
    if (!a.sig) return { code: 203, message: "no sig" };
    if (a.seq === undefined) return { code: 203, message: "no seq" };
    const item = {
      publicKey: new Uint8Array(a.k),
      salt: a.salt ?? new Uint8Array(),
      seq: a.seq,
      value: copy,
      signature: new Uint8Array(a.sig),
    };
    const targetHex = toHex(targetOf(item.publicKey, item.salt));
    const held = items.get(targetHex);
    const isHeld = held?.mutable?.seq === a.seq && equalBytes(held.value, copy);
    // An item identical to the stored one needs no verification, because its signature was verified
    // before.
    const isKnown = isHeld && equalBytes(held.mutable!.signature, item.signature);
    if (!isKnown && !verifyItem(item)) return { code: 206, message: "invalid signature" };
    if (held?.mutable) {
      const { seq } = held.mutable;
      if (a.cas !== undefined && a.cas !== seq) return { code: 301, message: "CAS mismatch" };
      if (a.seq < seq || (a.seq === seq && !isHeld)) {
        return { code: 302, message: "seq is not newer" };
      }
    }
    const { publicKey, seq, signature } = item;
    items.put(targetHex, isHeld ? held : { value: copy, mutable: { publicKey, seq, signature } });
    return undefined;
  }

  #refuse(query: ItemQuery, from: Sender, { code, message }: Refusal): void {
    this.#options.krpc.error(from, query, [code, message]);
  }
}

/**
 * Returns the members of an answer that describe an item. The value is omitted if `knownSeq`, the
 * sequence number that the sender has, is not older than the item.
 */
function itemMembers(
  item: StoredItem | undefined,
  knownSeq: number | undefined,
): Record<string, unknown> {
  if (!item) return {};
  const v = new Encoded(item.value);
  if (!item.mutable) return { v };
  const { publicKey, seq, signature } = item.mutable;
  if (knownSeq !== undefined && seq <= knownSeq) return { seq };
  return { k: publicKey, seq, sig: signature, v };
}
