/**
 * Downloads that reuse bytes of other archives, in the part of the host.
 *
 * @module
 */

import type { DownloadProgress, DownloadRequest, ReusedRange } from "../../src/engine/mod.ts";
import { eventually, type TestEngine } from "./engines.ts";
import { seededRandom } from "./simulated_dht.ts";
import type { SampleTorrent } from "./torrents.ts";

/** Writes bytes into a file at the same positions, as the host does, through a descriptor of its own. */
export async function writeRanges(
  path: string,
  bytes: Uint8Array,
  ranges: readonly ReusedRange[],
): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  for (const { startBytes, endBytes } of ranges) {
    await file.seek(startBytes, Deno.SeekMode.Start);
    for (let at = startBytes; at < endBytes;) at += await file.write(bytes.subarray(at, endBytes));
  }
}

/**
 * Downloads a sample. Ranges of `old` are written into its file as soon as the beginning is there, and
 * offered.
 *
 * @param options further options of the download
 */
export async function downloadWith(
  reader: TestEngine,
  peers: { host: string; port: number }[],
  sample: SampleTorrent,
  old: Uint8Array,
  ranges: readonly ReusedRange[],
  options: Partial<DownloadRequest> = {},
) {
  let last: DownloadProgress | undefined;
  const downloading = reader.download(sample, [], {
    ...{ peers, reuse: true },
    ...options,
    onProgress: (progress) => {
      last = progress;
      options.onProgress?.(progress);
    },
  });
  // A failure below ends the download, too; its error would cancel the other tests of the file.
  downloading.catch(() => {});
  await eventually(() => (last?.readyBytes ?? 0) > 0, "the beginning arrives");
  const before = last!.readyBytes;
  await writeRanges(reader.path("downloaded"), old, ranges);
  const reused = await reader.engine.downloadOf(sample.infoHashHex)!.offerReused(ranges);
  return { downloaded: await downloading, reused, last: last!, before };
}

/** Returns ranges of about half of an archive. Most begin and end inside of pieces, and some are short. */
export function oddRanges(lengthBytes: number): ReusedRange[] {
  const random = seededRandom(5);
  const ranges: ReusedRange[] = [];
  for (let at = 0; at < lengthBytes;) {
    const startBytes = at + 1 + Math.floor(random() * 50_000);
    at = startBytes + 1 + Math.floor(random() * (random() < 0.3 ? 2_000 : 60_000));
    if (at <= lengthBytes) ranges.push({ startBytes, endBytes: at });
  }
  return ranges;
}

/** Number of bytes in ranges. */
export function bytesIn(ranges: readonly ReusedRange[]): number {
  return ranges.reduce((sum, { startBytes, endBytes }) => sum + endBytes - startBytes, 0);
}
