/**
 * Decides whether this home, as a mirror, keeps a name alive when its publisher is gone. Mirrors do not
 * know each other, so each decides alone: it draws a number for each name, by hash, and compares it with
 * the number of mirrors, as estimated at the publisher's rendezvous.
 *
 * A draw is SHA-256 of the home's own random id and the name, read as a number from 0 to below 1. Of M
 * mirrors, the one with the rank r (from 0) has a draw of some r / M. So draw × M is a mirror's own
 * guess at its rank. Those with a guess below 3 are its keepers. Their number is nearly Poisson
 * distributed with mean 3: in 5 % of the cases there is none. Therefore those with a guess below 8,
 * the reserve, look at the name as well, and write it if they find it old. The chance that there is
 * neither keeper nor reserve is e^-8, 0.03 %. All other mirrors look every third day, so that a name
 * does not end if the number of mirrors is estimated far too high.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** Care of a home for a name, an announce record or a version. */
export type Care =
  /** Keeps it alive: the home is the publisher's, or probably one of the first three mirrors. */
  | "keeper"
  /** Looks regularly whether the keepers do. */
  | "reserve"
  /** Looks rarely. */
  | "onlooker";

/** Number of mirrors that keep a name. */
export const KEEPERS = 3;
/** Number of mirrors that keep a name, or look regularly whether it is kept. */
const KEEPERS_AND_RESERVE = 8;
/**
 * Upper bound of the number of mirrors: each mirror keeps at least 3 % of the names. The bound limits
 * the harm of a vandal, who can announce any number of peers.
 */
const MOST_MIRRORS = 100;
/** Share of a new observation in the smoothed number of mirrors. */
const SHARE = 1 / 4;

/**
 * Returns a home's draw, from 0 inclusive to 1 exclusive.
 *
 * @param homeId random id of the home, 32 bytes
 * @param what the name, or another text that all mirrors have in common
 */
export function drawOf(homeId: Uint8Array, what: string): number {
  const hash = createHash("sha256").update(homeId).update(what, "utf8").digest();
  return hash.readUIntBE(0, 6) / 2 ** 48;
}

/**
 * Returns the care of a mirror with a draw for a name.
 *
 * @param mirrors estimated number of mirrors, this one among them
 */
export function careOf(draw: number, mirrors: number): Care {
  const rank = draw * Math.min(Math.max(mirrors, 1), MOST_MIRRORS);
  if (rank < KEEPERS) return "keeper";
  return rank < KEEPERS_AND_RESERVE ? "reserve" : "onlooker";
}

/**
 * Returns the smoothed number of mirrors of a publisher, at least 1.
 *
 * @param before the number before this observation; absent for the first one
 * @param networks number of networks with peers that were named at the publisher's rendezvous
 */
export function smoothedMirrors(before: number | undefined, networks: number): number {
  const seen = Math.max(networks, 1);
  if (before === undefined) return seen;
  return Math.max(before + (seen - before) * SHARE, 1);
}
