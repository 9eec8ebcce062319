/**
 * Memory layout of the anchor search, which is a WebAssembly program. Addresses and lengths are in
 * bytes.
 *
 * @module
 */

/**
 * Bytes between two looks; also the number of offsets that a pair of bytes may have in a window.
 */
export const STEP_BYTES = 4;
/**
 * Groups of anchors with bits of their own. Anchors in one single group would agree with each other
 * too often.
 */
export const GROUPS = 8;
/**
 * Minimum characters of the token that `…` in an anchor stands for. Shorter words are skipped at
 * once.
 */
export const TOKEN_RUN = 10;

/** First id of a class of several bytes. An id below it is the byte itself. */
export const FIRST_CLASS = 0x80;
/** The class of the bytes of tokens, and the class of all bytes. */
export const [TOKEN_CLASS, ANY_BYTE] = [FIRST_CLASS, 0x9f];
/** Number of ids, and number of ids that are classes. */
export const [IDS, CLASSES] = [0xa0, 0x20];
/** The tables of pairs: the pair in a word's first half, the pair before it, the pair after it. */
export const [HERE, BEFORE, AFTER, TABLES] = [0, 1, 2, 3];
/** Bytes that are searched in one go, so that they stay in the processor's cache. */
export const SLICE_BYTES = 64 * 1024;
/** Room before a slice for the bytes that precede it. */
export const LEAD_BYTES = 16;
/** Maximum length of an anchor, with the token behind it. */
export const MAX_ANCHOR_BYTES = 256;
/** Maximum length of the table of anchors. */
export const MAX_ROW_BYTES = 64 * 1024;
/** Anchors found before the search returns to its caller, and the maximum that one word can add. */
export const [MAX_FOUND, MAX_FOUND_AT_ONCE] = [8 * 1024, 1024];

let used = 0;
/** Reserves bytes, and returns their address. */
function room(bytes: number): number {
  const at = used;
  used += Math.ceil(bytes / 64) * 64;
  return at;
}

/** Addresses of the regions that `anchor_search.ts` writes or reads. */
export const layout = {
  /** By id: how many bytes it stands for, 16 bits each. */
  counts: room(2 * IDS),
  /** By id: the bytes it stands for, in 256 bytes each. */
  lists: room(256 * IDS),
  /** By id and byte: 1 if the id stands for the byte. */
  allowed: room(256 * IDS),
  /** The anchors, see `anchor_table.ts`. */
  rows: room(MAX_ROW_BYTES),
  /** Anchors found: index and address, 32 bits each. */
  found: room(8 * MAX_FOUND),
  /** By byte: 32 bits, all set if tokens consist of it. */
  tokenMask: room(4 * 256),
  /** Address of the word where the search resumes, 32 bits, or 0 at the end. */
  next: room(4),
  /** The bytes to search, after {@linkcode LEAD_BYTES}. */
  slice: room(LEAD_BYTES + SLICE_BYTES + MAX_ANCHOR_BYTES + 64),
};
/**
 * By anchor, 8 bytes: address of its ids, 32 bits; their number; offset of its window; lead; token
 * bytes.
 */
export const records = room(8 * 4096);
/**
 * Bitmap by hash of a core (the three middle bytes of a window): a bit is set if the core has
 * entries. Most windows are dismissed by this bit alone.
 */
export const cores = room(65_536 / 8);
/**
 * By hash of a core: its first entry, 16 bits. An entry has the anchor and the next entry, 16 bits
 * each.
 */
export const [heads, entries] = [room(2 * 65_536), room(4 * 65_536)];
/** Bits of pairs whose other byte is any byte, or a byte of a token, by table and byte. */
export const [withAnySecond, withAnyFirst] = [room(4 * 256 * TABLES), room(4 * 256 * TABLES)];
export const [withTokenSecond, withTokenFirst] = [room(4 * 256 * TABLES), room(4 * 256 * TABLES)];
/** Bits of pairs of classes, by table and both classes. */
export const ofClasses = room(4 * CLASSES * CLASSES * TABLES);
/**
 * Bits of pairs of bytes, by table and pair. The highest bit of the second byte is ignored, which
 * halves the memory and changes nothing for ASCII.
 */
export const [PAIRS, SECOND_BYTE] = [32_768, 127];
export const pairs = room(4 * PAIRS * TABLES);
/** The memory's size in pages of 64 KiB. */
export const MEMORY_PAGES = Math.ceil(used / 65_536);
