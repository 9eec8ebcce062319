/**
 * The entry of a thread that compresses or hashes for the one that packs, see `threads.ts`. It may do
 * nothing else: no files, no network. It knows no keys and parses nothing.
 *
 * @module
 */

import { type Digest, PieceDigest, WholeDigest } from "./archive_digest.ts";
import { gzipMember } from "./gzip_member.ts";

/** What a thread is asked for. Each order gets one answer, in the order of asking. */
export type Order =
  | { order: "compress"; bytes: Uint8Array }
  /** Begins a digest of so many bytes; one at a time. */
  | { order: "digest"; of: "whole" | "pieces"; lengthBytes: number }
  | { order: "update"; bytes: Uint8Array }
  | { order: "finish" };

/** What it answers. */
export interface Answer {
  /** The bytes of the order, to be used again. */
  bytes?: Uint8Array;
  member?: Uint8Array;
  hash?: Uint8Array;
}

declare const self: {
  onmessage: (event: { data: Order }) => void;
  postMessage(message: Answer, transfer: ArrayBufferLike[]): void;
};

let digest: Digest | undefined;

function answerTo(order: Order): Answer {
  switch (order.order) {
    case "compress":
      return { bytes: order.bytes, member: gzipMember(order.bytes) };
    case "digest":
      digest = order.of === "whole" ? new WholeDigest() : new PieceDigest(order.lengthBytes);
      return {};
    case "update":
      digest!.update(order.bytes);
      return { bytes: order.bytes };
    case "finish":
      return { hash: digest!.finish() };
  }
}

self.onmessage = ({ data }) => {
  const answer = answerTo(data);
  const moved = [answer.bytes, answer.member].filter((bytes) => bytes !== undefined);
  self.postMessage(answer, moved.map(({ buffer }) => buffer));
};
