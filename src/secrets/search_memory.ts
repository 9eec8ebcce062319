/**
 * Memory layout of the WebAssembly program that searches for anchors. In this file, an id is a byte
 * that stands for itself (below 128) or for a class of bytes. Addresses and lengths are in bytes.
 *
 * @module
 */

/**
 * Number of bytes by which each step of the search advances. Also the number of offsets that a pair
 * of bytes can have in the window of an anchor (its few characteristic bytes).
 */
export const STEP_BYTES = 4;
/**
 * Number of groups of anchors. Each group has its own bits in the masks of the search tables. In a
 * single group, pairs of bytes from different anchors would combine to too many false candidates.
 */
export const GROUPS = 8;
/**
 * Minimum length of the token that must follow an anchor with `…` at its end, in characters. An
 * anchor with a shorter token is not reported.
 */
export const TOKEN_RUN = 10;

/** Lowest id of a class of bytes. Ids below stand for the single byte of the same value. */
export const FIRST_CLASS = 0x80;
/** Ids of two classes of bytes: the bytes that tokens consist of, and all bytes. */
export const [TOKEN_CLASS, ANY_BYTE] = [FIRST_CLASS, 0x9f];
/** Number of all ids (of bytes and of classes of bytes), and number of ids of classes. */
export const [IDS, CLASSES] = [0xa0, 0x20];
/**
 * Indices of the three tables of byte pairs. The search examines words of four bytes: one table is
 * for the pair in the first half of a word, one for the pair before, one for the pair after.
 * `TABLES` is the number of tables.
 */
export const [HERE, BEFORE, AFTER, TABLES] = [0, 1, 2, 3];
/**
 * Maximum number of bytes that are copied into the memory and searched at a time, small enough for
 * the processor's cache.
 */
export const SLICE_BYTES = 64 * 1024;
/** Space before the searched bytes, for the bytes of the file that precede the searched bytes. */
export const LEAD_BYTES = 16;
/** Maximum length of an anchor in bytes, including the token that must follow the anchor. */
export const MAX_ANCHOR_BYTES = 256;
/** Maximum length of the table of anchors, in bytes. */
export const MAX_ROW_BYTES = 64 * 1024;
/**
 * Maximum number of anchors that one call of the search returns, and maximum number that four words
 * of input can add.
 */
export const [MAX_FOUND, MAX_FOUND_AT_ONCE] = [8 * 1024, 1024];

let used = 0;
/** Reserves a region of memory, and returns its address. */
function room(bytes: number): number {
  const at = used;
  used += Math.ceil(bytes / 64) * 64;
  return at;
}

/** Addresses of the regions that `anchor_search.ts` writes or reads. */
export const layout = {
  /**
   * For each id of a byte or a class of bytes, the number of bytes that the id stands for, 16 bits.
   */
  counts: room(2 * IDS),
  /**
   * For each id of a byte or a class of bytes, the list of bytes that the id stands for, with space
   * for 256 bytes.
   */
  lists: room(256 * IDS),
  /**
   * For each id of a byte or a class of bytes, and for each byte: 1 if the id stands for the byte,
   * otherwise 0.
   */
  allowed: room(256 * IDS),
  /** Copy of the list of anchors, in the format of `anchor_table.ts`. */
  rows: room(MAX_ROW_BYTES),
  /**
   * The found anchors. For each, 32 bits with the index in the list of anchors, and 32 bits with
   * the address of the first byte.
   */
  found: room(8 * MAX_FOUND),
  /** For each byte, 32 bits: all set if tokens may contain the byte, otherwise all clear. */
  tokenMask: room(4 * 256),
  /** Address of the word from which the next call continues the search, 32 bits; 0 at the end. */
  next: room(4),
  /** The bytes to search, after {@linkcode LEAD_BYTES} bytes of space. */
  slice: room(LEAD_BYTES + SLICE_BYTES + MAX_ANCHOR_BYTES + 64),
};
/**
 * For each anchor, 8 bytes: address of the anchor's text (32 bits), then one byte each for the
 * length of the text, the offset of the window in the text, a flag (1 if the text includes the byte
 * before the anchor), and the number of token characters that must follow the anchor.
 */
export const records = room(8 * 4096);
/**
 * Bitmap of the cores of all anchors, indexed by a hash. A core is the three middle bytes of an
 * anchor's window. Most positions in a file are ruled out by this bitmap alone.
 */
export const cores = room(65_536 / 8);
/**
 * Hash table of cores, with linked lists. A core is the three middle bytes of an anchor's window.
 * `heads` holds the first entry for each hash, 16 bits. Each of the `entries` holds an anchor and
 * the next entry, 16 bits each.
 */
export const [heads, entries] = [room(2 * 65_536), room(4 * 65_536)];
/**
 * Bit masks for pairs of one given byte and an arbitrary byte, or one given byte and an arbitrary
 * token byte. Indexed by table and by the given byte.
 */
export const [withAnySecond, withAnyFirst] = [room(4 * 256 * TABLES), room(4 * 256 * TABLES)];
export const [withTokenSecond, withTokenFirst] = [room(4 * 256 * TABLES), room(4 * 256 * TABLES)];
/** Bit masks for pairs of two classes of bytes, indexed by table, first class and second class. */
export const ofClasses = room(4 * CLASSES * CLASSES * TABLES);
/**
 * Bit masks for pairs of two bytes, indexed by table and pair. The highest bit of the second byte
 * is ignored: this halves the size of the tables and does not affect ASCII.
 */
export const [PAIRS, SECOND_BYTE] = [32_768, 127];
export const pairs = room(4 * PAIRS * TABLES);
/** Size of the program's memory, in pages of 64 KiB. */
export const MEMORY_PAGES = Math.ceil(used / 65_536);
