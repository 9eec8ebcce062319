/**
 * A key as a small picture, for people who compare two of them with their eyes: the drunken bishop
 * that OpenSSH walks over a key's fingerprint (D. Loss and others, "The drunken bishop", 2009).
 *
 * @module
 */

import { createHash } from "node:crypto";

const COLUMNS = 17;
const ROWS = 9;
/** One character for each number of visits; the last two mark start and end. */
const SYMBOLS = " .o+=*BOX@%&#/^";

/**
 * Draws the SHA-256 of a public key, 11 lines of 19 characters. The same key gives the same picture;
 * that two keys give pictures which look alike is unlikely, and no proof that they are the same.
 */
export function randomart(publicKey: Uint8Array): string {
  const visits = Array.from({ length: ROWS }, () => new Array<number>(COLUMNS).fill(0));
  let x = (COLUMNS - 1) / 2;
  let y = (ROWS - 1) / 2;
  const start = [x, y];
  for (const byte of createHash("sha256").update(publicKey).digest()) {
    for (let pair = 0; pair < 8; pair += 2) {
      x = clamp(x + ((byte >> pair) & 1 ? 1 : -1), COLUMNS);
      y = clamp(y + ((byte >> pair) & 2 ? 1 : -1), ROWS);
      visits[y]![x]!++;
    }
  }
  const lines = visits.map((row, atY) =>
    row.map((count, atX) => {
      if (atX === start[0] && atY === start[1]) return "S";
      if (atX === x && atY === y) return "E";
      return SYMBOLS[Math.min(count, SYMBOLS.length - 1)];
    }).join("")
  );
  const frame = (title: string) => {
    const left = Math.floor((COLUMNS - title.length) / 2);
    return `+${"-".repeat(left)}${title}${"-".repeat(COLUMNS - title.length - left)}+`;
  };
  return [frame("[ED25519 256]"), ...lines.map((line) => `|${line}|`), frame("[SHA256]")]
    .join("\n");
}

function clamp(at: number, size: number): number {
  return Math.min(Math.max(at, 0), size - 1);
}
