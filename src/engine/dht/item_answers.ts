/**
 * The answers of our DHT node to `get` and `put` (BEP 44), in place of npm:bittorrent-dht, which encodes a
 * stranger's value anew, drops the value 0, signs an empty salt, leaves `nodes` out beside a value,
 * ignores `seq` in a `get`, and says nothing or 302 where there is an error or nothing to do.
 *
 * @module
 */

import { equalBytes, toHex } from "../../base/mod.ts";
import { immutableTarget, targetOf, verifyItem } from "../../records/mod.ts";
import { Encoded, type Krpc, type Refusal } from "../libraries/mod.ts";
import type { ItemStore, StoredItem } from "./item_store.ts";
import type { WriteTokens } from "./write_tokens.ts";

/** Where a query came from. */
export interface Sender {
  address: string;
  port: number;
}

/** A query of which `krpc_guard.ts` has seen that its members have these types. */
export interface ItemQuery {
  /** Transaction id. */
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

/** Dependencies of the answers. */
export interface ItemAnswersOptions {
  krpc: Krpc;
  items: ItemStore;
  tokens: WriteTokens;
}

/** Payload of a UDP packet in one Ethernet frame. */
const MAX_ANSWER_BYTES = 1_472;
/** BEP 5 has a node name so many. */
const NODES = 8;
const NODE_BYTES = 26;
/** An answer without value, nodes and transaction id: `id`, `k`, `seq`, `sig`, `token` and the names. */
const REST_BYTES = 230;

/** Answers `get` and `put` of strangers. */
export class ItemAnswers {
  readonly #options: ItemAnswersOptions;

  constructor(options: ItemAnswersOptions) {
    this.#options = options;
  }

  /** Answers a `get`: always with token and nodes, and with what is held unless it is known already. */
  get(query: ItemQuery, from: Sender): void {
    const { krpc, items, tokens } = this.#options;
    const { target, seq } = query.a;
    if (!target) return this.#refuse(query, from, { code: 203, message: "no target" });
    const item = items.get(toHex(target));
    const r = { id: krpc.id, token: tokens.give(from.address), ...shown(item, seq) };
    const used = REST_BYTES + query.t.length + (item?.value.length ?? 0);
    const room = Math.floor((MAX_ANSWER_BYTES - used) / NODE_BYTES);
    krpc.response(from, query, r, krpc.nodes.closest(target, Math.min(NODES, room)));
  }

  /**
   * Answers a `put`, and keeps its item if that may be.
   *
   * @param value the bencoded value as it stands in the packet; `undefined` if there is none
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
    if (!a.token || !tokens.isGood(from.address, a.token)) {
      return { code: 203, message: "bad token" };
    }
    if (!value) return { code: 203, message: "no v" };
    // A kept item must not hold on to the packet.
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
    // The signature of the very item that is held was found good.
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

/** The members of an answer that tell of an item, to somebody who may know `knownSeq` already. */
function shown(
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
