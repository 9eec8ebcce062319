import assert from "node:assert/strict";
import { join } from "node:path";
import { LibreseedError } from "../../../../src/base/mod.ts";
import type { DownloadProgress } from "../../../../src/engine/mod.ts";
import { Downloads } from "../../../../src/host/seeding/downloads.ts";
import {
  type PrefixDownloader,
  PrefixDownloads,
} from "../../../../src/host/seeding/prefix_downloads.ts";
import { eventually } from "../../../support/engines.ts";
import { temporaryHome } from "../../../support/mod.ts";
import { whenAborted } from "../../../support/aborts.ts";

const infoHash = "ab".repeat(20);
const request = { infoHash, lengthBytes: 1_000, maxBytes: 1_000, wantedBytes: 1 };

/** A fake worker that writes a file, and whose downloads progress as the test decides. */
class FakeWorker implements PrefixDownloader {
  readonly begun: { filePath: string; wantedBytes?: number; tell: (readyBytes: number) => void }[] =
    [];
  readonly widened: number[] = [];

  download: PrefixDownloader["download"] = async ({ filePath, wantedBytes }, tell, signal) => {
    await Deno.writeTextFile(filePath, "bytes");
    this.begun.push({
      filePath,
      wantedBytes,
      tell: (readyBytes) => tell!({ readyBytes, lengthBytes: 1_000 } as DownloadProgress),
    });
    return await new Promise((_, reject) =>
      whenAborted(
        signal,
        () => reject(new LibreseedError("failed", "DOWNLOAD_CANCELLED", "ended early")),
      )
    );
  };
  readonly wanted: { start: number; end: number }[] = [];
  want: PrefixDownloader["want"] = async (_infoHash, ranges, signal) => {
    this.wanted.push(...ranges);
    return await new Promise((resolve, reject) => {
      this.arrive = () => resolve({ lengthBytes: 1_000, downloadedBytes: 10 });
      this.failRange = () => reject(new LibreseedError("failed", "TORRENT_FAILED", "it ended"));
      whenAborted(signal, () => reject(new Error("aborted")));
    });
  };
  arrive: () => void = () => {};
  failRange: () => void = () => {};
  addSources: PrefixDownloader["addSources"] = () => Promise.resolve();
  widen: PrefixDownloader["widen"] = (_infoHash, wantedBytes) => {
    this.widened.push(wantedBytes);
    return Promise.resolve();
  };
}

function read(prefixes: PrefixDownloads, wantedBytes = 1) {
  const leaving = new AbortController();
  const heard: [path: string, readyBytes: number][] = [];
  const outcome = prefixes.start({ ...request, wantedBytes }, {
    signal: leaving.signal,
    onEvent: ({ path, readyBytes }) => heard.push([path, readyBytes]),
  }).then(() => "whole", ({ code }) => code);
  return { heard, outcome, leave: () => leaving.abort() };
}

async function inSeedDirectory(
  test: (
    worker: FakeWorker,
    prefixes: PrefixDownloads,
    downloads: Downloads,
    path: string,
  ) => Promise<
    void
  >,
) {
  await using directory = await temporaryHome();
  const worker = new FakeWorker();
  const downloads = new Downloads(worker, directory.path);
  const prefixes = new PrefixDownloads(worker, directory.path, downloads);
  await test(worker, prefixes, downloads, directory.path);
}

Deno.test("readers of one archive share a download, whose file goes with the last of them", () =>
  inSeedDirectory(async (worker, prefixes, _, path) => {
    const one = read(prefixes, 10);
    await eventually(() => worker.begun.length === 1, "the download begins");
    const two = read(prefixes, 20);
    await eventually(() => worker.widened.length === 1, "the second reader wants more");
    assert.deepEqual(worker.widened, [20]);
    worker.begun[0]!.tell(7);
    const file = join(path, `.beginning-${infoHash}`);
    assert.deepEqual([one.heard, two.heard], [[[file, 7]], [[file, 7]]]);
    await prefixes.widen({ infoHash, wantedBytes: 30 });
    assert.deepEqual(worker.widened, [20, 30]);
    one.leave();
    assert.equal(await one.outcome, "DOWNLOAD_CANCELLED");
    assert.ok((await Deno.stat(file)).isFile);
    two.leave();
    assert.equal(await two.outcome, "DOWNLOAD_CANCELLED");
    assert.deepEqual([...Deno.readDirSync(path)], []);
    await prefixes.widen({ infoHash, wantedBytes: 40 });
    assert.deepEqual(worker.widened, [20, 30]);
  }));

Deno.test("a download of the whole archive takes over, and its file serves the readers", () =>
  inSeedDirectory(async (worker, prefixes, downloads, path) => {
    const reader = read(prefixes);
    await eventually(() => worker.begun.length === 1, "the beginning is downloaded");
    const leaving = new AbortController();
    const whole = downloads.start({ infoHash, maxBytes: 1_000 }, { signal: leaving.signal });
    whole.catch(() => {});
    await eventually(() => worker.begun.length === 2, "the whole archive is downloaded");
    const [beginning, partial] = worker.begun.map(({ filePath }) => filePath);
    assert.deepEqual([beginning, partial], [
      join(path, `.beginning-${infoHash}`),
      join(path, `.partial-${infoHash}`),
    ]);
    assert.equal(worker.begun[1]!.wantedBytes, undefined);
    await eventually(() => {
      worker.begun[1]!.tell(9);
      return reader.heard.length > 0;
    }, "the reader hears of the other file");
    assert.deepEqual(reader.heard[0], [partial, 9]);
    assert.deepEqual([...Deno.readDirSync(path)].map(({ name }) => name), [`.partial-${infoHash}`]);
    reader.leave();
    assert.equal(await reader.outcome, "DOWNLOAD_CANCELLED");
    leaving.abort();
    await whole.catch(() => {});
  }));

Deno.test("a range is wanted of a running download, and its file is named when it has it", () =>
  inSeedDirectory(async (worker, prefixes, _, path) => {
    const range = { infoHash, start: 500, end: 600 };
    // Nothing runs yet.
    assert.deepEqual(await prefixes.want(range), {});
    const one = read(prefixes);
    await eventually(() => worker.begun.length === 1, "the download begins");
    const wanting = prefixes.want(range);
    assert.deepEqual(worker.wanted, [{ start: 500, end: 600 }]);
    worker.arrive();
    assert.deepEqual(await wanting, { path: join(path, `.beginning-${infoHash}`) });
    const failing = prefixes.want(range);
    worker.failRange();
    assert.deepEqual(await failing, {});
    const leaving = new AbortController();
    const left = prefixes.want(range, { signal: leaving.signal });
    leaving.abort();
    await assert.rejects(left, { code: "DOWNLOAD_CANCELLED" });
    one.leave();
    assert.equal(await one.outcome, "DOWNLOAD_CANCELLED");
  }));
