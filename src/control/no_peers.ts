/**
 * The error of a download that received nothing or stalled. The counts of its peers determine the
 * reason, and each reason has its own advice in the message.
 *
 * @module
 */

import { formatBytes } from "../base/mod.ts";
import type { DhtState, PeerCounts, WebSeedStatus } from "../engine/mod.ts";
import { ControlError } from "./errors.ts";

/**
 * Reason for which a download received nothing, or stalled:
 *
 * - `none-known`: the DHT named no peer
 * - `unreachable`: no known peer could be connected
 * - `no-handshake`: no connected peer completed a BitTorrent handshake for this archive
 * - `no-pieces`: no peer has a piece
 * - `choked`: every peer that has pieces chokes us
 * - `silent`: peers were asked for pieces and sent none
 * - `stalled`: some bytes arrived, and then no more
 */
export type NoPeersReason =
  | "none-known"
  | "unreachable"
  | "no-handshake"
  | "no-pieces"
  | "choked"
  | "silent"
  | "stalled";

/**
 * Facts about a failed download, from which the reason and the advice of the error `NO_PEERS` are
 * derived.
 */
export interface FailedDownload {
  /** Name of the downloaded package for the error message, or its infohash. */
  what: string;
  /** Time since the download received its last byte, milliseconds. */
  waitedMs: number;
  downloadedBytes: number;
  /** Whether the DHT has the manifest record of the package. */
  hasRecord: boolean;
  /** Counts of peers; `undefined` if the download never reported progress. */
  reach: PeerCounts | undefined;
  /** Whether the bytes that came are deleted. By default the same command goes on from there. */
  isDiscarded?: boolean;
  /** Whether our router takes another port for each destination (symmetric NAT). */
  portVaries?: boolean;
  /** State of the DHT, if it is known. */
  dht?: DhtState;
  /** The web seeds of the download. */
  webSeeds?: readonly WebSeedStatus[];
}

/** Time in which a search for peers ends even if many nodes do not answer (ms). */
const SEARCH_MS = 5_000;

/** Says that there is no node of the DHT to ask. */
export const NO_NODE_KNOWN =
  "no node of the DHT is known, because `bootstrap` names none that has an address";

const NO_COUNTS: PeerCounts = {
  known: 0,
  refused: 0,
  tried: 0,
  connected: 0,
  met: 0,
  offering: 0,
  willing: 0,
};

/**
 * Creates an error `NO_PEERS`. Its `detail` has `reason`, `downloadedBytes` and the counts of
 * {@linkcode PeerCounts}, and `webSeeds` if there are any.
 */
export function noPeers(failed: FailedDownload, cause: unknown): ControlError {
  const { downloadedBytes, reach = NO_COUNTS, webSeeds = [] } = failed;
  const reason = reasonOf(failed, reach);
  const detail = {
    ...{ reason, downloadedBytes, peers: reach.met, ...reach },
    ...(webSeeds.length > 0 && { webSeeds }),
  };
  const message = explain(failed, reach, reason) + aboutWebSeeds(webSeeds);
  return new ControlError("network", "NO_PEERS", message, {
    cause,
    detail,
  });
}

function reasonOf({ downloadedBytes }: FailedDownload, reach: PeerCounts): NoPeersReason {
  if (downloadedBytes > 0) return "stalled";
  if (reach.known === 0) return "none-known";
  if (reach.connected === 0) return "unreachable";
  if (reach.met === 0) return "no-handshake";
  if (reach.offering === 0) return "no-pieces";
  return reach.willing === 0 ? "choked" : "silent";
}

function explain(
  { what, waitedMs, downloadedBytes, hasRecord, isDiscarded, portVaries, dht }: FailedDownload,
  { known, refused, tried, connected, met, offering }: PeerCounts,
  reason: NoPeersReason,
): string {
  const within = `within ${Math.round(waitedMs / 1_000)} s`;
  switch (reason) {
    case "none-known":
      if (dht && (dht.state !== "on" || dht.silent)) {
        return `No peer that has ${what} was found ${within}: ${whyUnasked(dht)}. Peers in this ` +
          "network are found without it, if they seed it now";
      }
      if (waitedMs < SEARCH_MS) {
        return `No peer that has ${what} was found ${within}: the DHT has named none in this ` +
          "time. A search takes some seconds; try again with a longer --timeout";
      }
      return `No peer that has ${what} was found ${within}: the DHT names none.` +
        `${
          hasRecord ? " Its record is there: run" : " Run"
        } \`libreseed seed\` where the archive is`;
    case "unreachable":
      return `${peers(known)} of ${what} ${known === 1 ? "is" : "are"} known, and none ` +
        whyUnreachable({ within, refused, tried, portVaries });
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
      return `The download of ${what} got no further for ${Math.round(waitedMs / 1_000)} s, at ${
        formatBytes(downloadedBytes)
      }. ` +
        (isDiscarded
          ? "Try again later"
          : "What came is kept: the same command goes on from there");
  }
}

/** Says why the DHT names nobody. */
function whyUnasked(dht: DhtState): string {
  if (dht.state === "off") return `the DHT is off (${dht.why})`;
  if (dht.state === "starting") return "the DHT was still starting; try a longer --timeout";
  if (dht.alone) return `${NO_NODE_KNOWN}; name one with --bootstrap`;
  return "no node of the DHT answers; is this machine online, and does a firewall let UDP out? " +
    "`libreseed doctor` checks it";
}

/** Addresses that are refused, whatever the owner of a seeder does. */
const NEVER_DIALLED =
  "private addresses, ports below 1024 and names without an address are not dialled";

/** Says why no known peer was connected to, and what its owner and the reader can do. */
function whyUnreachable(
  { within, refused, tried, portVaries }: {
    within: string;
    refused: number;
    tried: number;
    portVaries: boolean | undefined;
  },
): string {
  if (tried === 0 && refused > 0) {
    return `may be dialled: ${NEVER_DIALLED}. A seeder in this network announces itself here unless ` +
      "it has `--no-lan`; one elsewhere needs a public address and a higher port";
  }
  return `could be reached ${within}: ${tried} tried` +
    `${refused > 0 ? `, ${refused} left out (${NEVER_DIALLED})` : ""}. ` +
    "A NAT or a firewall may be in between: the owner of a seeder has to let TCP connections " +
    "through to its port (`libreseed doctor` tells how); here connections to any port have to be " +
    "let out" +
    (portVaries
      ? ". The router here takes another port for each destination (symmetric NAT), so a seeder " +
        "that is behind a router cannot be reached by hole punching either: use another line, or " +
        "a router that opens the port"
      : "");
}

/** Says of each web seed why nothing comes from it. */
function aboutWebSeeds(webSeeds: readonly WebSeedStatus[]): string {
  if (webSeeds.length === 0) return "";
  const each = webSeeds.map(({ url, problem = "It was not asked for anything yet" }) =>
    `${url} (${problem.replace(/\.$/, "")})`
  );
  const what = webSeeds.length === 1 ? "Its web seed sends" : "None of its web seeds sends";
  return `. ${what}${webSeeds.length === 1 ? " nothing" : " anything"}: ${each.join(", ")}`;
}

function peers(count: number): string {
  return count === 1 ? "1 peer" : `${count} peers`;
}
