/**
 * The places at which a tar is cut into gzip members (docs/protocol.md section 4). The contents choose
 * the places, so two versions of a package have the same members where they have the same files.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** The rule by which a part of the tar is cut. Archives depend on these numbers. */
export interface CutRule {
  /** Minimum length of a member that the contents end, in bytes of tar. */
  leastBytes: number;
  /** Length at which a member ends whatever its contents, in bytes of tar. */
  mostBytes: number;
  /** Number of leading bits of the hash that are 0 where a member ends. */
  zeroBits: number;
  /**
   * Minimum length in bytes of an entry before which a member ends, and of the part of an entry that
   * becomes the beginning of a member. Shorter parts stay with the bytes before them.
   */
  largeBytes: number;
}

/**
 * The rule for the manifest. Its lines are hashes, which hardly shrink and of which few change, so its
 * members are short.
 */
export const MANIFEST_CUTS: CutRule = {
  leastBytes: 4096,
  mostBytes: 64 * 1024,
  zeroBits: 12,
  largeBytes: 1,
};

/** The rule for the files: members of some 140 KiB. */
export const FILE_CUTS: CutRule = {
  leastBytes: 112 * 1024,
  mostBytes: 512 * 1024,
  zeroBits: 15,
  largeBytes: 64 * 1024,
};

/** Number of bytes on which the hash depends: its 32 bits are shifted by one with each byte. */
const WINDOW_BYTES = 32;

/** The number that each byte adds to the hash: the first four bytes of the SHA-256 of that byte. */
const GEAR = Int32Array.from(
  { length: 256 },
  (_, byte) => createHash("sha256").update(Uint8Array.of(byte)).digest().readInt32BE(0),
);

/** Finds the ends of members in a tar, which is passed entry by entry. */
export class MemberCutter {
  readonly #rule: CutRule;
  /** Number of bytes that the current member has so far. */
  #memberBytes = 0;
  /** Number of bytes of the current entry that are still to come. */
  #leftBytes = 0;
  #hash = 0;
  /** Whether the current member ends with the current entry. */
  #endsWithEntry = false;

  constructor(rule: CutRule) {
    this.#rule = rule;
  }

  /**
   * Begins the next entry.
   *
   * @param entryBytes length of the entry in bytes: headers, contents and padding
   * @returns whether a member ends before the entry
   */
  beginEntry(entryBytes: number): boolean {
    const { leastBytes, largeBytes } = this.#rule;
    const ends = this.#endsWithEntry ||
      entryBytes >= largeBytes && this.#memberBytes >= leastBytes;
    if (ends) this.#memberBytes = 0;
    this.#endsWithEntry = false;
    this.#leftBytes = entryBytes;
    this.#hash = 0;
    return ends;
  }

  /**
   * Passes the next bytes of the entry.
   *
   * @returns the number of these bytes after which a member ends. The bytes behind it have to be passed
   * again. `undefined` if no member ends in the bytes, or only with the entry
   */
  take(bytes: Uint8Array): number | undefined {
    const { leastBytes, mostBytes, largeBytes } = this.#rule;
    const room = Math.min(bytes.length, mostBytes - this.#memberBytes);
    if (!this.#endsWithEntry) {
      const found = this.#find(bytes, leastBytes - 1 - this.#memberBytes, room);
      const isLarge = found !== undefined && this.#leftBytes - found >= largeBytes;
      if (isLarge) return this.#end(found);
      this.#endsWithEntry = found !== undefined;
    }
    this.#memberBytes += room;
    if (this.#memberBytes < mostBytes) {
      this.#leftBytes -= room;
      return undefined;
    }
    if (this.#leftBytes > room) return this.#end(room);
    this.#leftBytes = 0;
    this.#endsWithEntry = true;
    return undefined;
  }

  #end(takenBytes: number): number {
    this.#leftBytes -= takenBytes;
    this.#memberBytes = 0;
    this.#endsWithEntry = false;
    return takenBytes;
  }

  /**
   * Returns the number of bytes up to the first one at which the hash ends a member.
   *
   * @param first index of the first byte that may end a member
   */
  #find(bytes: Uint8Array, first: number, end: number): number | undefined {
    const shift = 32 - this.#rule.zeroBits;
    let hash = this.#hash;
    // No byte before the window has an effect, so it is not hashed.
    let at = Math.max(0, first + 1 - WINDOW_BYTES);
    for (const until = Math.min(first, end); at < until; at++) {
      hash = ((hash << 1) + GEAR[bytes[at]!]!) | 0;
    }
    for (; at < end; at++) {
      hash = ((hash << 1) + GEAR[bytes[at]!]!) | 0;
      if (hash >>> shift === 0) return at + 1;
    }
    this.#hash = hash;
    return undefined;
  }
}
