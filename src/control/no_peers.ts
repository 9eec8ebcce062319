/**
 * Says why nothing of an archive came: there is nobody, nobody can be reached, or those who were reached
 * send nothing. What to do about it is different each time.
 *
 * @module
 */

import type { PeerCounts } from "../engine/mod.ts";
import { ControlError } from "./errors.ts";

/**
 * Why nothing came, or no more:
 *
 * - `none-known`: nobody named a peer
 * - `unreachable`: peers were named, and no connection to one stood
 * - `no-handshake`: who was connected did not answer as a peer of this archive
 * - `no-pieces`: no peer said that it has a piece
 * - `choked`: no peer let itself be asked
 * - `silent`: peers were asked and sent nothing
 * - `stalled`: some of it came, and no more
 */
export type NoPeersReason =
  | "none-known"
  | "unreachable"
  | "no-handshake"
  | "no-pieces"
  | "choked"
  | "silent"
  | "stalled";

/** The figures of a download that came to nothing. */
export interface Fruitless {
  /** The package, or the infohash. */
  what: string;
  /** How long nothing came, milliseconds. */
  waitedMs: number;
  downloadedBytes: number;
  /** Whether the publisher's record of it was found. */
  hasRecord: boolean;
  /** `undefined` if the download never told of its progress. */
  reach: PeerCounts | undefined;
}

const NOBODY: PeerCounts = {
  known: 0,
  refused: 0,
  tried: 0,
  connected: 0,
  met: 0,
  offering: 0,
  willing: 0,
};

/** The error, whose `detail` has `reason`, `downloadedBytes` and the counts of {@linkcode PeerCounts}. */
export function noPeers(fruitless: Fruitless, cause: unknown): ControlError {
  const { downloadedBytes, reach = NOBODY } = fruitless;
  const reason = reasonOf(fruitless, reach);
  const detail = { reason, downloadedBytes, peers: reach.met, ...reach };
  return new ControlError("network", "NO_PEERS", explain(fruitless, reach, reason), {
    cause,
    detail,
  });
}

function reasonOf({ downloadedBytes }: Fruitless, reach: PeerCounts): NoPeersReason {
  if (downloadedBytes > 0) return "stalled";
  if (reach.known === 0) return "none-known";
  if (reach.connected === 0) return "unreachable";
  if (reach.met === 0) return "no-handshake";
  if (reach.offering === 0) return "no-pieces";
  return reach.willing === 0 ? "choked" : "silent";
}

function explain(
  { what, waitedMs, downloadedBytes, hasRecord }: Fruitless,
  { known, refused, tried, connected, met, offering }: PeerCounts,
  reason: NoPeersReason,
): string {
  const within = `within ${Math.round(waitedMs / 1_000)} s`;
  switch (reason) {
    case "none-known":
      return `No peer that has ${what} was found ${within}: the DHT names none.` +
        `${
          hasRecord ? " Its record is there: run" : " Run"
        } \`libreseed seed\` where the archive is`;
    case "unreachable":
      return `${peers(known)} of ${what} ${known === 1 ? "is" : "are"} known, and none could be ` +
        `reached ${within}: ${tried} tried` +
        `${refused > 0 ? `, ${refused} at an address or port that is not dialled` : ""}. ` +
        "A NAT or a firewall may be in between: the owner of a seeder has to let TCP connections " +
        "through to its port; here connections to any port have to be let out";
    case "no-handshake":
      return `${connected} of ${peers(known)} of ${what} took the connection, and none spoke ` +
        `BitTorrent with us ${within}: other programs may listen there, or it is seeded no longer. ` +
        "Try again later";
    case "no-pieces":
      return `${met} of ${peers(known)} of ${what} answered, and none has a piece of it yet ` +
        `(waited ${within}). Try again once a peer that has all of it is there`;
    case "choked":
      return `${offering} of ${peers(known)} of ${what} have it, and none let us ask for a piece ` +
        `${within}: they choke us, because others are served. Try again later, or with a longer --timeout`;
    case "silent":
      return `${met} of ${peers(known)} of ${what} answered, and none sent what it was asked for ` +
        `${within}. Try again later, or with a longer --timeout`;
    case "stalled":
      return `The download of ${what} got no further for ${
        Math.round(waitedMs / 1_000)
      } s, at ${downloadedBytes} bytes. What came is kept: the same command goes on from there`;
  }
}

function peers(count: number): string {
  return count === 1 ? "1 peer" : `${count} peers`;
}
