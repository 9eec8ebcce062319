/**
 * Where the search for anchors, which is a program in WebAssembly, has what in its memory. Addresses and
 * lengths are in bytes.
 *
 * @module
 */

/** Bytes between two looks, and so the offsets in a window that a pair of bytes may have. */
export const STEP_BYTES = 4;
/** Groups of anchors that have bits of their own: all in one would agree with each other too often. */
export const GROUPS = 8;
/** Characters of a token that `…` stands for: words that begin like one are passed over at once. */
export const TOKEN_RUN = 10;

/** Ids below are those of one byte each; those from here on are of classes with several bytes. */
export const FIRST_CLASS = 0x80;
/** The class of what tokens are made of, and the class of all bytes. */
export const [TOKEN_CLASS, ANY_BYTE] = [FIRST_CLASS, 0x9f];
/** Ids, and those of classes among them. */
export const [IDS, CLASSES] = [0xa0, 0x20];
/** The tables of pairs: the pair in a word's first half, the one before it, the one after it. */
export const [HERE, BEFORE, AFTER, TABLES] = [0, 1, 2, 3];
/** Bytes that are searched in one go. They stay in the processor's cache. */
export const SLICE_BYTES = 64 * 1024;
/** Room for what is before the first byte of a slice. */
export const LEAD_BYTES = 16;
/** Most bytes of an anchor, with the token behind it. */
export const MAX_ANCHOR_BYTES = 256;
/** Most bytes of the table of anchors. */
export const MAX_ROW_BYTES = 64 * 1024;
/** Anchors found before the search is broken off for a while, and as many as one word can have. */
export const [MAX_FOUND, MAX_FOUND_AT_ONCE] = [8 * 1024, 1024];

let used = 0;
/** Sets bytes aside; returns their address. */
function room(bytes: number): number {
  const at = used;
  used += Math.ceil(bytes / 64) * 64;
  return at;
}

/** Where the memory has what that `anchor_search.ts` writes or reads. */
export const layout = {
  /** By id: how many bytes it stands for, 16 bits each. */
  counts: room(2 * IDS),
  /** By id: these bytes, in 256 bytes each. */
  lists: room(256 * IDS),
  /** By id and byte: 1 if the id stands for the byte. */
  allowed: room(256 * IDS),
  /** The anchors, see `anchor_table.ts`. */
  rows: room(MAX_ROW_BYTES),
  /** Anchors found: index and address, 32 bits each. */
  found: room(8 * MAX_FOUND),
  /** By byte: all of 32 bits if tokens are made of it. */
  tokenMask: room(4 * 256),
  /** The word to go on with, 32 bits, or 0 at the end. */
  next: room(4),
  /** The bytes to search, behind {@linkcode LEAD_BYTES}. */
  slice: room(LEAD_BYTES + SLICE_BYTES + MAX_ANCHOR_BYTES + 64),
};
/** Of each anchor: address of its ids, 32 bits; how many; where its window is; lead; token bytes. */
export const records = room(8 * 4096);
/** By hash of a core: a bit if it has entries. Of most windows nothing else is looked at. */
export const cores = room(65_536 / 8);
/** By hash of a core: the first of its entries, 16 bits. An entry: anchor, next entry, 16 bits each. */
export const [heads, entries] = [room(2 * 65_536), room(4 * 65_536)];
/** Bits of pairs whose other byte does not matter, or is of a token, by table and byte. */
export const [withAnySecond, withAnyFirst] = [room(4 * 256 * TABLES), room(4 * 256 * TABLES)];
export const [withTokenSecond, withTokenFirst] = [room(4 * 256 * TABLES), room(4 * 256 * TABLES)];
/** Bits of pairs of classes, by table and both. */
export const ofClasses = room(4 * CLASSES * CLASSES * TABLES);
/**
 * Bits of pairs of bytes, by table and pair. Of the second byte, the highest bit does not count, which
 * spares half of the memory and alters nothing for ASCII.
 */
export const [PAIRS, SECOND_BYTE] = [32_768, 127];
export const pairs = room(4 * PAIRS * TABLES);
/** Pages of 64 KiB. */
export const MEMORY_PAGES = Math.ceil(used / 65_536);
