import assert from "node:assert/strict";
import { join } from "node:path";
import { fromUtf8, LibreseedError } from "../../../../src/base/mod.ts";
import { partialPath, prefixPath } from "../../../../src/fetching/mod.ts";
import { type RangeDownloader, RangeReads } from "../../../../src/host/seeding/range_reads.ts";
import { eventually } from "../../../support/engines.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { temporaryHome } from "../../../support/mod.ts";
import { whenAborted } from "../../../support/aborts.ts";

const infoHash = "ab".repeat(20);
const content = "0123456789";

/** A worker whose downloads write `content`, and have it once `arrive` is called. */
class FakeWorker implements RangeDownloader {
  readonly orders: { filePath: string; wantedBytes?: number }[] = [];
  readonly wanted: { start: number; end: number }[][] = [];
  readonly arrived = Promise.withResolvers<void>();
  readonly whole = Promise.withResolvers<Uint8Array>();

  download: RangeDownloader["download"] = async ({ filePath, wantedBytes }, _tell, signal) => {
    this.orders.push({ filePath, wantedBytes });
    await Deno.writeTextFile(filePath, content);
    return await Promise.race([this.whole.promise, abortOf(signal)]);
  };
  want: RangeDownloader["want"] = async (_infoHash, ranges, signal) => {
    this.wanted.push(ranges);
    await Promise.race([this.arrived.promise, abortOf(signal)]);
    return { lengthBytes: content.length, downloadedBytes: 7 };
  };
  addSources: RangeDownloader["addSources"] = () => Promise.resolve();
}

/** Rejects when a signal aborts. */
function abortOf(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => whenAborted(signal, () => reject(signal!.reason)));
}

async function world() {
  const home = await temporaryHome();
  const [worker, clock] = [new FakeWorker(), new FakeClock()];
  const seeded = new Map<string, string>();
  const reads = new RangeReads({
    ...{ worker, clock, seedDirectory: home.path },
    seededPath: (one) => seeded.get(one),
  });
  const read = (ranges: [number, number][], signal?: AbortSignal) =>
    reads.read({
      ...{ infoHash, maxBytes: 100 },
      ranges: ranges.map(([start, end]) => ({ start, end })),
    }, { signal });
  return {
    ...{ home, worker, clock, seeded, reads, read },
    path: prefixPath(home.path, infoHash),
    [Symbol.asyncDispose]: async () => {
      await reads.stop();
      await home.remove();
    },
  };
}

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);

Deno.test("ranges are read one after the other from one torrent, which closes some seconds later", async () => {
  await using one = await world();
  one.worker.arrived.resolve();
  const first = await one.read([[0, 2], [4, 6]]);
  assert.deepEqual([fromUtf8(first.bytes), first.lengthBytes], ["0145", 10]);
  assert.equal(first.downloadedBytes, 7);
  assert.equal(fromUtf8((await one.read([[8, 99]])).bytes), "89");
  assert.deepEqual(one.worker.orders, [{ filePath: one.path, wantedBytes: 0 }]);
  assert.notEqual(one.path, partialPath(one.home.path, infoHash));
  assert.ok(await exists(one.path));
  await one.clock.advance(60_000);
  await eventually(async () => !await exists(one.path), "the file is deleted");
  await one.read([[0, 1]]);
  assert.equal(one.worker.orders.length, 2);
});

Deno.test("a torrent stays open as long as somebody reads", async () => {
  await using one = await world();
  const reading = one.read([[0, 1]]);
  await eventually(() => one.worker.wanted.length === 1, "the range is wanted");
  await one.clock.advance(3_600_000);
  one.worker.arrived.resolve();
  assert.equal(fromUtf8((await reading).bytes), "0");
});

Deno.test("an aborted read ends, and a stopped host deletes the file", async () => {
  await using one = await world();
  const stop = new AbortController();
  const reading = one.read([[0, 1]], stop.signal);
  await eventually(() => one.worker.wanted.length === 1, "the range is wanted");
  stop.abort();
  await assert.rejects(reading, { code: "DOWNLOAD_CANCELLED" });
  await assert.rejects(one.read([[0, 1]], stop.signal), { code: "DOWNLOAD_CANCELLED" });
  await one.reads.stop();
  assert.equal(await exists(one.path), false);
});

Deno.test("a file that this home seeds is read from the disk", async () => {
  await using one = await world();
  const path = join(one.home.path, "seeded");
  await Deno.writeTextFile(path, "abcdef");
  one.seeded.set(infoHash, path);
  const { bytes, ...rest } = await one.read([[1, 3]]);
  assert.equal(fromUtf8(bytes), "bc");
  assert.deepEqual(rest, { lengthBytes: 6, downloadedBytes: 0 });
  assert.equal(one.worker.orders.length, 0);
});

Deno.test("a torrent whose pieces have all arrived is read on, though the worker has closed it", async () => {
  await using one = await world();
  one.worker.arrived.reject(new LibreseedError("failed", "TORRENT_FAILED", "it is closed"));
  one.worker.arrived.promise.catch(() => {});
  one.worker.whole.resolve(new Uint8Array());
  const { bytes, lengthBytes } = await one.read([[3, 5]]);
  assert.deepEqual([fromUtf8(bytes), lengthBytes], ["34", 10]);
});

Deno.test("the error of a failed download is that of the read", async () => {
  await using one = await world();
  const failure = new LibreseedError("verification", "TORRENT_TOO_LARGE", "it is too long");
  one.worker.arrived.reject(new LibreseedError("failed", "TORRENT_FAILED", "it is closed"));
  one.worker.arrived.promise.catch(() => {});
  one.worker.whole.reject(failure);
  one.worker.whole.promise.catch(() => {});
  await assert.rejects(one.read([[0, 1]]), { code: "TORRENT_TOO_LARGE" });
});

Deno.test("more bytes than a host can answer at once are refused", async () => {
  await using one = await world();
  await assert.rejects(one.read([[0, 17 << 20]]), { code: "RANGES_TOO_LARGE" });
  assert.equal(one.worker.orders.length, 0);
});
