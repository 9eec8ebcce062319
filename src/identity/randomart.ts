/**
 * Draws a public key as a picture of characters (randomart), so that people can compare two keys by
 * sight. The algorithm is the "drunken bishop" of OpenSSH (D. Loss and others, "The drunken
 * bishop", 2009).
 *
 * @module
 */

import { createHash } from "node:crypto";

const COLUMNS = 17;
const ROWS = 9;
/**
 * Characters that show how often the drawing algorithm visited a cell of the picture: a space for
 * no visit, `.` for one visit, and so on.
 */
const SYMBOLS = " .o+=*BOX@%&#/^";

/**
 * Draws the SHA-256 of a public key as 11 lines of 19 characters. Equal keys have equal pictures.
 * Different keys rarely have similar pictures, but a similar picture does not prove that the keys
 * are equal.
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
