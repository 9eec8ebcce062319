/**
 * Attaches to a torrent what acts on each of its connections: handshakes, guards of extensions,
 * serving, peer exchange, and the ends of useless connections.
 *
 * @module
 */

import type { Clock } from "../base/mod.ts";
import {
  fillExtendedHandshake,
  type PeerHandshake,
  readExtendedHandshake,
} from "./extended_handshake.ts";
import type { Introductions } from "./holes/mod.ts";
import { guardExtensions, take, type Torrent, type Wire } from "./libraries/mod.ts";
import { exchangePeers } from "./peer_exchange.ts";
import {
  answerEarlyInterest,
  dropIfBothSeed,
  dropIfRefusing,
  dropSeeders,
  hearOffers,
  serveFrom,
  showInterestEarly,
} from "./torrents.ts";

/** Options of {@linkcode attachToConnections}. */
export interface ConnectionsOptions {
  clock: Clock;
  /** Returns the TCP port at which peers can connect to us. */
  port: () => number;
  introductions: Introductions;
  /** Whether the torrent is downloaded. */
  isDownload: boolean;
  onPeerHandshake: (said: PeerHandshake) => void;
}

/** Attaches the engine to all connections of a torrent. To be called before the first connection. */
export function attachToConnections(
  torrent: Torrent,
  { clock, port, introductions, isDownload, onPeerHandshake }: ConnectionsOptions,
): void {
  const { relays } = introductions;
  exchangePeers(torrent, clock);
  introductions.attach(torrent);
  torrent.on("wire", (wire: Wire) => {
    fillExtendedHandshake(torrent, wire, port(), relays.isWanted);
    readExtendedHandshake(wire, onPeerHandshake);
    guardExtensions(torrent, wire, clock);
    take(wire);
    if (isDownload) showInterestEarly(torrent, wire);
    answerEarlyInterest(torrent, wire);
    serveFrom(torrent, wire);
    hearOffers(torrent, wire);
    dropIfBothSeed(torrent, wire, relays);
    dropIfRefusing(wire);
  });
  torrent.once("done", () => dropSeeders(torrent, relays));
}
