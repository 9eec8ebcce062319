/**
 * The rows of `state.db` for the indexes of names: indexes as they were last written, and entries of
 * publishers.
 *
 * @module
 */

import {
  decodeNameIndex,
  type NameIndexEntry,
  nameIndexKeyPair,
  nameIndexSalt,
  nameIndexSlot,
  targetOf,
} from "../../records/mod.ts";
import type { StoredRecord } from "../../store/mod.ts";

/** One slot of the index of a name. An index is divided into slots, each a DHT record. */
export interface KeptName {
  name: string;
  slot: number;
}

/** Kind of rows in `state.db` that hold a complete name index as it was last written. */
export const INDEX = "name-index";
/**
 * Kind of rows in `state.db` that hold one entry of an index. If other machines drop the entry from the
 * index, this home writes it back. The row's key is made of the publisher's key and the salt of the
 * index. The row's `seq` is the time of the entry.
 */
export const ENTRY = "name-entry";

/** Returns a text that no other slot has. */
export function idOf({ name, slot }: KeptName): string {
  return `${slot}/${name}`;
}

/** Returns the slot of a row of either kind. */
export function slotOf(kind: string, version: string | undefined, publicKey: Uint8Array): number {
  return kind === ENTRY ? nameIndexSlot(publicKey) : Number(version);
}

/** Returns the key of the row that holds a publisher's entry. */
export function entryTarget(name: string, publicKey: Uint8Array): Uint8Array {
  return targetOf(publicKey, nameIndexSalt(name, nameIndexSlot(publicKey)));
}

/** Returns the key of the row that holds an index, which is its target in the DHT on a UTC day. */
export function indexTarget({ name, slot }: KeptName, day: number): Uint8Array {
  return targetOf(nameIndexKeyPair(name, day).publicKey, nameIndexSalt(name, slot));
}

/** Returns the entries in a row. */
export function entriesOf({ item }: StoredRecord): NameIndexEntry[] {
  return decodeNameIndex(item.value).entries;
}
