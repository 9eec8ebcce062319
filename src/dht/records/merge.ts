/**
 * Merges the results of several borrowed nodes into one outcome.
 *
 * @module
 */

import { equalBytes, type Family } from "../../base/mod.ts";
import type { MutableItem } from "../../records/mod.ts";
import type { LookupResult } from "../lookup/mod.ts";
import type { ItemReader, Shown } from "./item_query.ts";
import { addErrors, type ByFamily, type GetOutcome, type PutOutcome } from "./outcome.ts";
import type { NodePut } from "./put.ts";

/**
 * Sums up the results of several lookups: the numbers of queried nodes, of nodes that answered, and
 * of errors.
 */
export function countLookups(results: LookupResult[]) {
  const sum = { asked: 0, responded: 0, errors: {} as Record<string, number> };
  for (const result of results) {
    sum.asked += result.asked;
    sum.responded += result.answers.length;
    addErrors(sum.errors, result.errors);
  }
  return sum;
}

/** Reads the items from the replies to `get`; the valid item with the highest `seq` wins. */
export function readItems(results: LookupResult[], reader: ItemReader): GetOutcome {
  const seen = new Map<string, Shown>();
  for (const { contact, body } of results.flatMap((result) => result.answers)) {
    const address = `${contact.host}:${contact.port}`;
    if (!seen.has(address)) seen.set(address, reader.read(body));
  }
  let item: MutableItem | undefined;
  const items: MutableItem[] = [];
  let invalid = 0;
  for (const shown of seen.values()) {
    if (shown.kind === "invalid") invalid++;
    if (shown.kind !== "item") continue;
    items.push(shown.item);
    if (!item || shown.item.seq > item.seq) item = shown.item;
  }
  const holding = items.filter((one) => isSame(one, item!));
  return {
    item,
    others: distinct(items).filter((one) => !isSame(one, item!)),
    ...countLookups(results),
    holding: holding.length,
    stale: items.filter((one) => one.seq < item!.seq).length,
    invalid,
  };
}

function isSame(a: MutableItem, b: MutableItem): boolean {
  return a === b || a.seq === b.seq && equalBytes(a.value, b.value);
}

function distinct(items: MutableItem[]): MutableItem[] {
  return items.filter((item, index) => items.findIndex((one) => isSame(one, item)) === index);
}

/** Merges the outcomes of a put that ran through each of several borrowed nodes. */
export function mergePuts(puts: { family: Family; put: NodePut }[]): PutOutcome {
  const byFamily: ByFamily = {};
  const merged: NodePut[] = [];
  for (const family of [4, 6] as const) {
    const own = puts.filter((one) => one.family === family).map(({ put }) => put);
    if (own.length === 0) continue;
    // Borrowed nodes of one family see nearly the same network.
    const sum = merge(own, (needsRetry) => needsRetry.every(Boolean));
    byFamily[family] = { responded: sum.responded, holding: sum.holding };
    merged.push(sum);
  }
  const answered = merged.filter(({ responded }) => responded > 0);
  return { ...merge(merged, () => answered.length === 0 || answered.some(needsRetry)), byFamily };
}

function needsRetry(put: NodePut): boolean {
  return put.needsRetry;
}

function merge(puts: NodePut[], retry: (needsRetry: boolean[]) => boolean): NodePut {
  const [first, ...others] = puts;
  const sum = { ...first!, errors: { ...first!.errors } };
  for (const other of others) {
    sum.asked += other.asked;
    sum.responded += other.responded;
    sum.holding = Math.max(sum.holding, other.holding);
    sum.stored += other.stored;
    sum.weak &&= other.weak;
    sum.conflict ??= other.conflict;
    const newer = other.superseded;
    if (newer && newer.seq > (sum.superseded?.seq ?? -1)) sum.superseded = newer;
    addErrors(sum.errors, other.errors);
  }
  sum.needsRetry = retry(puts.map(needsRetry));
  return sum;
}
