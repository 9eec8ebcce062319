/**
 * The parameters of a download, the parts of an engine that all downloads share, and the comparison of a
 * torrent with the request.
 *
 * @module
 */

import type { PeerAddress } from "../dht/mod.ts";
import { type FetchRange, PublisherPeers } from "./download/mod.ts";
import { EngineError } from "./errors.ts";
import type { Torrent } from "./libraries/mod.ts";
import type { EngineOptions } from "./options.ts";
import type { DownloadProgress } from "./torrents.ts";

/** Parameters of `Engine.download`: the archive to download, and the file to write. */
export interface DownloadRequest {
  /** Infohash of the torrent, 40 hexadecimal digits. */
  infoHashHex: string;
  /** Bytes of the `.torrent` file. Without them, the metadata is requested from peers. */
  torrent?: Uint8Array;
  /**
   * Absolute path of the file to write. Valid pieces of an earlier download in this file are kept.
   */
  filePath: string;
  /** Length of the archive in bytes, from the signed manifest. A torrent of another length is refused. */
  lengthBytes?: number;
  /**
   * Length that the archive's pieces have if libreseed has made its torrent, in bytes. With it and
   * `lengthBytes`, the first blocks are requested together with the metadata.
   */
  pieceBytes?: number;
  /** Maximum length of the archive in bytes. A longer torrent is refused. */
  maxBytes: number;
  /** Addresses of peers that are already known when the download starts. */
  peers?: PeerAddress[];
  /** URLs of web seeds (BEP 19). */
  webSeeds?: readonly string[];
  /** Name of the archive's file in a directory of a web seed; used until the metadata are known. */
  fileName?: string;
  /**
   * Number of bytes at the archive's beginning that are wanted. The pieces that hold them are requested
   * in order, and the download waits for {@linkcode Download.widen} or {@linkcode Download.want} when it
   * has them. Default: all.
   */
  wantedBytes?: number;
  /**
   * Whether the download requests only the first piece, and the beginning that
   * {@linkcode Download.wantBeginning} names, until {@linkcode Download.offerReused} is called.
   * Default: `false`.
   */
  reuse?: boolean;
  /** Identity of the publisher, 32 bytes, if known. */
  publisher?: Uint8Array;
  signal?: AbortSignal;
  onProgress?: (progress: DownloadProgress) => void;
}

/** Ranges of bytes that a download has, verified and written. */
export interface RangesHeld {
  /** Length of the torrent's file in bytes. */
  lengthBytes: number;
  /**
   * Number of bytes that peers have sent so far, for these and other ranges, with the metadata and all
   * messages.
   */
  downloadedBytes: number;
}

/** Result of an offer of bytes for reuse. */
export interface Reused {
  /** Bytes of verified pieces, and bytes of pieces of which the rest has still to be fetched. */
  reusedBytes: number;
}

/** Parts of the engine that all downloads share: functions of the gate, and a memory of peers. */
export interface Shared {
  /** Requests a range of a web seed's file. */
  fetchRange: FetchRange;
  /** Called with the number of bytes after each part that came from a web seed. */
  onBytes(bytes: number): void;
  /** Returns the addresses of a peer's host name that may be dialled at a port. */
  lookUp(name: string, port: number): Promise<string[]>;
  /** Memory of the peers of publishers' rendezvous, which all downloads share. */
  publisherPeers: PublisherPeers;
}

/**
 * Returns the parts that all downloads of an engine share. Without a gate, its functions fail.
 *
 * @param onBytes as in {@linkcode Shared}
 */
export function sharedBy(
  { gate, clock }: Pick<EngineOptions, "gate" | "clock">,
  onBytes: Shared["onBytes"],
): Shared {
  const noGate = () => Promise.reject(new Error("There is no gate"));
  return {
    fetchRange: (order, signal) => gate ? gate().fetchRange(order, signal) : noGate(),
    lookUp: (name, port) => gate ? gate().lookUp(name, port) : noGate(),
    onBytes,
    publisherPeers: new PublisherPeers(clock),
  };
}

/** Creates an {@linkcode EngineError} with the code `TORRENT_INVALID`. */
export function invalidTorrent(infoHashHex: string, why: string, cause?: unknown): EngineError {
  const message = `The .torrent of ${infoHashHex} is not valid: ${why}`;
  return new EngineError("verification", "TORRENT_INVALID", message, { cause });
}

/**
 * Compares the number of files and the length of a torrent with the request. Returns the error if
 * they do not match.
 */
export function unexpected(torrent: Torrent, request: DownloadRequest): EngineError | undefined {
  const { infoHashHex, lengthBytes, maxBytes } = request;
  if (torrent.files.length !== 1) {
    return new EngineError(
      "verification",
      "TORRENT_UNEXPECTED",
      `Torrent ${infoHashHex} has ${torrent.files.length} files; a package has one`,
    );
  }
  if (lengthBytes !== undefined && torrent.length !== lengthBytes) {
    return new EngineError(
      "verification",
      "TORRENT_UNEXPECTED",
      `Torrent ${infoHashHex} is ${torrent.length} bytes long; the signed manifest says ${lengthBytes}`,
    );
  }
  if (torrent.length <= maxBytes) return undefined;
  return new EngineError(
    "verification",
    "TORRENT_TOO_LARGE",
    `Torrent ${infoHashHex} is ${torrent.length} bytes long; the limit is ${maxBytes} (--max-archive-size)`,
  );
}
