import assert from "node:assert/strict";
import { formatHostPort, LibreseedError, toBase64 } from "../../../../src/base/mod.ts";
import type { PeerAddress } from "../../../../src/dht/mod.ts";
import type { DownloadProgress } from "../../../../src/engine/mod.ts";
import { type Downloader, Downloads } from "../../../../src/host/seeding/downloads.ts";
import { whenAborted } from "../../../support/aborts.ts";

const infoHash = "ab".repeat(20);
const request = { infoHash, maxBytes: 1_000 };

function progressAt(downloadedBytes: number, lengthBytes = 100) {
  return { lengthBytes, downloadedBytes } as DownloadProgress;
}

/** A fake worker whose downloads progress and end as the test decides. */
class FakeWorker implements Downloader {
  readonly begun: {
    tell: (progress: DownloadProgress) => void;
    resolve: (torrent: Uint8Array) => void;
    reject: (error: Error) => void;
    maxBytes: number;
  }[] = [];
  readonly added: string[] = [];
  ended = 0;

  download: Downloader["download"] = ({ maxBytes }, tell, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    this.begun.push({ tell: tell!, resolve, reject, maxBytes });
    whenAborted(signal, () => {
      this.ended++;
      // The download ends with a delay, as in the engine, which closes the file first.
      setTimeout(
        () => reject(new LibreseedError("failed", "DOWNLOAD_CANCELLED", "ended early")),
        5,
      );
    });
    return promise;
  };

  addSources: Downloader["addSources"] = (
    _infoHash: string,
    peers: PeerAddress[],
    webSeeds: string[],
  ) => {
    this.added.push(...peers.map(formatHostPort), ...webSeeds);
    return Promise.resolve();
  };
}

function start(
  downloads: Downloads,
  more: Partial<typeof request & { peers: string[]; webSeeds: string[] }> = {},
) {
  const leaving = new AbortController();
  const heard: number[] = [];
  const ended = downloads.start({ ...request, ...more }, {
    signal: leaving.signal,
    onEvent: ({ downloadedBytes }) => heard.push(downloadedBytes),
  });
  const outcome = ended.then(({ torrent }) => toBase64(torrent), ({ code }) => code);
  return { heard, outcome, leave: () => leaving.abort() };
}

Deno.test("every waiter of a shared download gets its progress and its result", async () => {
  const worker = new FakeWorker();
  const downloads = new Downloads(worker, "/seeds");
  const first = start(downloads);
  worker.begun[0]!.tell(progressAt(10));
  const second = start(downloads);
  worker.begun[0]!.tell(progressAt(20));
  assert.deepEqual([first.heard, second.heard], [[10, 20], [10, 20]]);
  worker.begun[0]!.resolve(Uint8Array.of(1, 2, 3));
  assert.deepEqual(await Promise.all([first.outcome, second.outcome]), ["AQID", "AQID"]);
  assert.equal(worker.begun.length, 1);
});

Deno.test("a waiter that leaves does not end the download of the others", async () => {
  const worker = new FakeWorker();
  const downloads = new Downloads(worker, "/seeds");
  const [first, second] = [start(downloads), start(downloads)];
  first.leave();
  assert.equal(await first.outcome, "DOWNLOAD_CANCELLED");
  worker.begun[0]!.tell(progressAt(30));
  assert.deepEqual([first.heard, second.heard], [[], [30]]);
  worker.begun[0]!.resolve(new Uint8Array());
  assert.equal(await second.outcome, "");
  assert.equal(worker.ended, 0);
});

Deno.test("the download ends with its last waiter, and the next one starts it anew", async () => {
  const worker = new FakeWorker();
  const downloads = new Downloads(worker, "/seeds");
  const [first, second] = [start(downloads), start(downloads)];
  first.leave();
  second.leave();
  assert.equal(worker.ended, 1);
  // Start a third download while the first is still being cancelled.
  const third = start(downloads);
  assert.equal(worker.begun.length, 1);
  assert.equal(await second.outcome, "DOWNLOAD_CANCELLED");
  await new Promise((resolve) => setTimeout(resolve));
  worker.begun[1]!.resolve(new Uint8Array());
  assert.equal(await third.outcome, "");
});

Deno.test("each waiter of a shared download has its own size limit", async () => {
  const worker = new FakeWorker();
  const downloads = new Downloads(worker, "/seeds");
  const narrow = start(downloads, { maxBytes: 50 });
  const wide = start(downloads);
  worker.begun[0]!.tell(progressAt(0, 100));
  assert.equal(await narrow.outcome, "TORRENT_TOO_LARGE");
  worker.begun[0]!.reject(new LibreseedError("verification", "TORRENT_TOO_LARGE", "above 50"));
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(worker.begun.map(({ maxBytes }) => maxBytes), [50, 1_000]);
  worker.begun[1]!.resolve(new Uint8Array());
  assert.equal(await wide.outcome, "");
});

Deno.test("peers and web seeds that a later waiter knows are added to the download", async () => {
  const worker = new FakeWorker();
  const downloads = new Downloads(worker, "/seeds");
  const first = start(downloads);
  const webSeeds = ["http://a.example", "ftp://b.example/"];
  const second = start(downloads, { peers: ["192.0.2.1:6881"], webSeeds });
  assert.deepEqual(worker.added, ["192.0.2.1:6881", "http://a.example/"]);
  worker.begun[0]!.reject(new LibreseedError("failed", "TORRENT_FAILED", "disk full"));
  assert.deepEqual(await Promise.all([first.outcome, second.outcome]), [
    "TORRENT_FAILED",
    "TORRENT_FAILED",
  ]);
});
