/**
 * Describes one torrent: its pieces, and its connected peers with what each of them claims and moves.
 * Nothing is kept between two calls.
 *
 * @module
 */

import { unmapIpv4 } from "../../base/mod.ts";
import { bdecode, type BDecoded } from "../../bencode/mod.ts";
import type { BusyWebSeed } from "../download/mod.ts";
import { isEncrypted, type Torrent, type Wire } from "../libraries/mod.ts";
import { clientNameOf } from "./client_name.ts";

/** A connected peer of one torrent. */
export interface PeerDetails {
  /** IP address as text; of a web seed, its URL. */
  address: string;
  /** Port of the peer's end of the connection; of a web seed, 0. */
  port: number;
  /**
   * Name and version of the peer's program, as it claims (BEP 10 `v`, else its peer id); absent if it
   * claims none. At most 64 characters of untrusted text, without control and invisible characters.
   */
  client?: string;
  /** A web seed is listed only while it sends. */
  transport: "tcp" | "utp" | "web-seed";
  /** Whether all bytes of the connection are encrypted. */
  encrypted: boolean;
  /** Whether the peer has connected to us. */
  incoming: boolean;
  /** Number of pieces that the peer claims to have. */
  pieces: number;
  /** Bytes of blocks that were sent to the peer and received from it. */
  uploadedBytes: number;
  downloadedBytes: number;
  /** Current speeds, in bytes a second. */
  uploadSpeed: number;
  downloadSpeed: number;
}

/** The torrent of an archive, as the engine has it. */
export interface TorrentDetails {
  /** Length of a piece in bytes, and the number of pieces; 0 as long as the metadata are not known. */
  pieceBytes: number;
  pieces: number;
  /** Number of verified pieces. */
  piecesHeld: number;
  /** The connected peers, at most 200; those with the highest speeds first. */
  peers: PeerDetails[];
  /** Number of all connected peers. */
  peersConnected: number;
}

/** Maximum length of a `.torrent` that is described, in bytes. */
const MAX_TORRENT_BYTES = 40 * 1024 * 1024;
/** Maximum number of peers that are described. */
const MAX_DETAILED_PEERS = 200;

/** The public members of a connection to a peer that are shown. */
interface ShownWire extends Wire {
  /** Peer id, 20 bytes; `null` before the handshake. */
  peerIdBuffer: Uint8Array | null;
  /** The last extended handshake of the peer, decoded. Nothing in it is validated. */
  peerExtendedHandshake?: { v?: unknown };
  uploaded: number;
  uploadSpeed(): number;
  downloadSpeed(): number;
}

/**
 * Describes a torrent of the client.
 *
 * @param webSeeds web seeds that are sending something of the torrent now
 */
export function torrentDetailsOf(
  torrent: Torrent,
  webSeeds: readonly BusyWebSeed[] = [],
): TorrentDetails {
  const { wires, pieces = [], pieceLength } = torrent;
  const connected = wires.filter(({ destroyed }) => !destroyed) as ShownWire[];
  const fast = connected.map((wire) => ({ wire, speed: wire.uploadSpeed() + wire.downloadSpeed() }))
    .sort((a, b) => b.speed - a.speed)
    .slice(0, MAX_DETAILED_PEERS);
  const peers = [
    ...fast.map(({ wire }) => peerOf(wire, pieces.length)),
    ...webSeeds.map((seed) => webSeedOf(seed, pieces.length)),
  ];
  peers.sort((a, b) => speedOf(b) - speedOf(a));
  return {
    pieceBytes: pieces.length === 0 ? 0 : pieceLength,
    pieces: pieces.length,
    piecesHeld: pieces.reduce((held: number, piece) => piece === null ? held + 1 : held, 0),
    peers: peers.slice(0, MAX_DETAILED_PEERS),
    peersConnected: connected.length + webSeeds.length,
  };
}

/**
 * Describes a complete archive without a peer, from its `.torrent`.
 *
 * @throws {Error} if the bytes are no `.torrent` of one file
 */
export function torrentDetailsOfFile(torrent: Uint8Array): TorrentDetails {
  const info = membersOf(
    membersOf(bdecode(torrent, { maxBytes: MAX_TORRENT_BYTES })).get("info"),
  );
  const [pieceBytes, hashes] = [info.get("piece length"), info.get("pieces")];
  if (typeof pieceBytes !== "number" || !(hashes instanceof Uint8Array)) throw notATorrent();
  const pieces = hashes.length / 20;
  return { pieceBytes, pieces, piecesHeld: pieces, peers: [], peersConnected: 0 };
}

function membersOf(value: BDecoded | undefined): Map<string, BDecoded> {
  if (value instanceof Map) return value;
  throw notATorrent();
}

function notATorrent(): Error {
  return new Error("it is no .torrent of one file");
}

function peerOf(wire: ShownWire, pieces: number): PeerDetails {
  const client = clientNameOf(wire.peerExtendedHandshake?.v, wire.peerIdBuffer);
  return {
    address: unmapIpv4(wire.remoteAddress ?? ""),
    port: wire.remotePort ?? 0,
    ...(client !== undefined && { client }),
    transport: wire.type.startsWith("utp") ? "utp" : "tcp",
    encrypted: isEncrypted(wire),
    incoming: wire.type.endsWith("Incoming"),
    // npm:webtorrent's `isSeeder` is not asked: it is set for a peer that has not told its pieces yet.
    pieces: countPieces(wire, pieces),
    uploadedBytes: wire.uploaded,
    downloadedBytes: wire.downloaded,
    uploadSpeed: wire.uploadSpeed(),
    downloadSpeed: wire.downloadSpeed(),
  };
}

function countPieces({ peerPieces }: Wire, pieces: number): number {
  let count = 0;
  for (let index = 0; index < pieces; index++) if (peerPieces.get(index)) count++;
  return count;
}

function webSeedOf(
  { url, receivedBytes, downloadSpeed }: BusyWebSeed,
  pieces: number,
): PeerDetails {
  return {
    ...{ address: url, port: 0, transport: "web-seed", incoming: false },
    encrypted: url.startsWith("https:"),
    ...{ pieces, uploadedBytes: 0, downloadedBytes: receivedBytes, uploadSpeed: 0, downloadSpeed },
  };
}

function speedOf({ uploadSpeed, downloadSpeed }: PeerDetails): number {
  return uploadSpeed + downloadSpeed;
}
