/**
 * Describes a revoked key and what rests on it.
 *
 * @module
 */

import { isoDay } from "../../base/mod.ts";
import { printable } from "./format.ts";

/** Maximum number of packages of a kind that are named. */
const MAX_NAMED = 3;

/** A revoked key, and what rests on it. Lists of packages have `NAME@VERSION`. */
export interface RevokedUse {
  /** The revoked key, as `ed25519:BASE64`. */
  key: string;
  /** The identity that has revoked the key, as `ed25519:BASE64`. */
  identity: string;
  /** Time since which the key is in wrong hands, Unix milliseconds, as its publisher says. */
  sinceMs: number;
  /** Reason, untrusted text. */
  reason?: string;
  /** Pinned names of the publisher. */
  pins: string[];
  /** Whether the home follows the publisher. */
  followed: boolean;
  /** Archives in the seed directory that the key has signed and that are refused now. */
  archives: string[];
  /** Installed packages of that kind. */
  installed: string[];
  /** Packages of that kind in the lock file of the working directory. */
  locked: string[];
}

/** Says that a key is revoked, and what rests on it, of which at most three of a kind are named. */
export function describeRevokedUse(one: RevokedUse): string {
  const { key, sinceMs, reason, pins, followed, archives, installed, locked } = one;
  const date = isoDay(sinceMs);
  const why = reason === undefined ? "" : ` (${printable(JSON.stringify(reason))})`;
  const resting = [
    ...(pins.length > 0 ? [`pinned: ${few(pins)}`] : []),
    ...(followed ? ["followed"] : []),
    ...(archives.length > 0 ? [`seeded no more: ${few(archives)}`] : []),
    ...(installed.length > 0 ? [`installed: ${few(installed)}`] : []),
    ...(locked.length > 0 ? [`in the lock file here: ${few(locked)}`] : []),
  ].join("; ");
  return `the key ${key} of ${one.identity} is revoked since ${date}${why}; ${resting}`;
}

function few(texts: readonly string[]): string {
  const more = texts.length - MAX_NAMED;
  return texts.slice(0, MAX_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
