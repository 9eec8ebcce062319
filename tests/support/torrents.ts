/**
 * Sample archives and their torrents, generated from numbers.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { concatBytes } from "../../src/base/mod.ts";
import { bencode, type BValue } from "../../src/bencode/mod.ts";
import { seededRandom } from "./simulated_dht.ts";

/** A sample torrent and its content. */
export interface SampleTorrent {
  content: Uint8Array;
  /** Contents of the `.torrent` file. */
  torrent: Uint8Array;
  infoHashHex: string;
  infoHash: Uint8Array;
}

/** Makes a torrent of one file with pseudo-random bytes, which depend only on the seed. */
export function sampleTorrent(
  lengthBytes: number,
  { seed = 1, pieceBytes = 256 * 1024, info = {} as Record<string, BValue> } = {},
): SampleTorrent {
  const content = randomBytes(lengthBytes, seed);
  const pieces = [];
  for (let at = 0; at < lengthBytes; at += pieceBytes) {
    pieces.push(sha1(content.subarray(at, at + pieceBytes)));
  }
  const whole: Record<string, BValue> = {
    name: `sample-${seed}`,
    length: lengthBytes,
    "piece length": pieceBytes,
    pieces: concatBytes(...pieces),
    ...info,
  };
  // A torrent of several files has `files` in place of `length`.
  if (info.files) delete whole.length;
  const infoHash = sha1(bencode(whole));
  return {
    content,
    torrent: bencode({ info: whole }),
    infoHash,
    infoHashHex: infoHash.toHex(),
  };
}

/** Returns pseudo-random bytes that depend only on the length and the seed. */
export function randomBytes(length: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let i = 0; i < words.length; i++) words[i] = random() * 2 ** 32;
  return new Uint8Array(words.buffer, 0, length);
}

function sha1(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha1").update(bytes).digest());
}
