/**
 * A torrent of as many pieces of 16 KiB as an archive may have and one more, the programs that transfer it,
 * and a tracker that names one peer.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { concatBytes, utf8 } from "../../src/base/mod.ts";
import type { TestEngine } from "../support/engines.ts";
import { type SampleTorrent, sampleTorrent } from "../support/torrents.ts";

const PIECE_BYTES = 16 * 1024;

/** Makes the torrent: 4,097 pieces, the last of 100 bytes. */
export function smallPieces(): SampleTorrent {
  return sampleTorrent(4_096 * PIECE_BYTES + 100, { pieceBytes: PIECE_BYTES });
}

/** Name of the torrent's file. */
export const FILE_NAME = "sample-1";

/** Asserts that a directory has the file of the torrent. */
export async function assertFile(directory: string, { content }: SampleTorrent): Promise<void> {
  const found = await Deno.readFile(join(directory, FILE_NAME));
  assert.ok(Buffer.from(found).equals(content), "the file has other bytes");
}

/** Downloads the torrent with our engine, by its infohash alone, and compares the bytes. */
export async function download(
  reader: TestEngine,
  { infoHashHex, content }: SampleTorrent,
  peer: { host: string; port: number },
): Promise<void> {
  const filePath = reader.path("downloaded");
  await reader.engine.download({ infoHashHex, filePath, maxBytes: content.length, peers: [peer] });
  assert.ok(Buffer.from(await Deno.readFile(filePath)).equals(content), "other bytes came");
}

/** Starts a tracker (BEP 3, BEP 23) that names one peer. Returns the URL for announces. */
export function tracker(
  { host, port }: { host: string; port: number },
): { url: string } & AsyncDisposable {
  const peer = Uint8Array.of(...host.split(".").map(Number), port >> 8, port & 255);
  const answer = concatBytes(utf8("d8:intervali60e5:peers6:"), peer, utf8("e"));
  const server = Deno.serve(
    { hostname: host, port: 0, onListen: () => {} },
    () => new Response(answer),
  );
  return {
    url: `http://${host}:${server.addr.port}/announce`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Returns the magnet link of the torrent with a tracker. */
export function magnetOf({ infoHashHex }: SampleTorrent, trackerUrl: string): string {
  return `magnet:?xt=urn:btih:${infoHashHex}&tr=${encodeURIComponent(trackerUrl)}`;
}
