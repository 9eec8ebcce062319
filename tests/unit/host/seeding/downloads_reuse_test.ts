import assert from "node:assert/strict";
import type { DownloadProgress } from "../../../../src/engine/mod.ts";
import { type Downloader, Downloads } from "../../../../src/host/seeding/downloads.ts";
import type { Reuser } from "../../../../src/host/reuse/mod.ts";

type Order = Parameters<Downloader["download"]>[0];
type Begun = Parameters<Reuser["begin"]>[0];

const infoHash = "ab".repeat(20);
const request = { infoHash, maxBytes: 1_000, lengthBytes: 100, reuse: true };

const progressAt = (downloadedBytes: number, reusedBytes: number) =>
  ({
    lengthBytes: 100,
    downloadedBytes,
    readyBytes: downloadedBytes,
    reusedBytes,
  }) as DownloadProgress;

/** Downloads with a fake worker and a fake reuser, which does as `reuses` says. */
function setUp({ reuses = true } = {}) {
  const orders: Order[] = [];
  const begun: Begun[] = [];
  const events: string[] = [];
  const copying = { value: false };
  const stopped = Promise.withResolvers<void>();
  const download = Promise.withResolvers<Uint8Array>();
  let tell!: (progress: DownloadProgress) => void;
  const worker: Downloader = {
    download(order, onProgress, signal) {
      orders.push(order);
      tell = onProgress!;
      signal?.addEventListener("abort", () => download.reject(new Error("ended early")));
      return download.promise;
    },
    addSources: () => Promise.resolve(),
  };
  const downloads = new Downloads(worker, "/seeds", {
    begin(one) {
      begun.push(one);
      if (!reuses) return undefined;
      return {
        get isCopying() {
          return copying.value;
        },
        advance: ({ readyBytes }) => void events.push(`advance ${readyBytes}`),
        stop() {
          events.push("stop");
          return stopped.promise;
        },
      } as ReturnType<Reuser["begin"]>;
    },
    add: ({ reusedBytes }) => void events.push(`add ${reusedBytes}`),
  });
  return {
    ...{ downloads, orders, begun, events, stopped, download, copying },
    tell: (progress: DownloadProgress) => tell(progress),
  };
}

/** Lets all promises settle that can. */
const settle = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("a download with reuse tells its progress, and ends after the copying", async () => {
  const _ = setUp();
  const heard: number[] = [];
  const ended = _.downloads.start(request, {
    onEvent: ({ reusedBytes }) => heard.push(reusedBytes),
  });
  assert.equal(_.orders[0]!.reuse, true);
  assert.equal(_.begun[0]!.path, `/seeds/.partial-${infoHash}`);
  _.tell(progressAt(10, 0));
  // Copying is told even before the engine knows of it.
  _.copying.value = true;
  _.begun[0]!.onCopied(70);
  _.tell(progressAt(10, 0));
  _.copying.value = false;
  _.tell(progressAt(100, 60));
  _.download.resolve(new Uint8Array(3));
  let hasEnded = false;
  void ended.then(() => hasEnded = true);
  await settle();
  assert.equal(hasEnded, false);
  _.stopped.resolve();
  assert.equal((await ended).torrent.length, 3);
  assert.deepEqual(heard, [0, 70, 70, 60]);
  assert.deepEqual(_.events, [
    "advance 0",
    "advance 10",
    "advance 10",
    "advance 100",
    "stop",
    "add 60",
  ]);
});

Deno.test("requests that share a download count what it has reused once", async () => {
  const _ = setUp();
  _.stopped.resolve();
  const both = [_.downloads.start(request), _.downloads.start({ ...request, reuse: false })];
  _.tell(progressAt(100, 40));
  _.download.resolve(new Uint8Array());
  await Promise.all(both);
  assert.equal(_.begun.length, 1);
  assert.deepEqual(_.events.filter((event) => event.startsWith("add")), ["add 40"]);
});

Deno.test("nothing is reused without the request's word, or if it is not worth while", async () => {
  for (const [reuse, reuses] of [[false, true], [undefined, true], [true, false]] as const) {
    const _ = setUp({ reuses });
    const ended = _.downloads.start({ ...request, reuse });
    assert.equal("reuse" in _.orders[0]!, false);
    assert.equal(_.begun.length, reuse ? 1 : 0);
    _.download.resolve(new Uint8Array());
    await ended;
  }
});

Deno.test("a download that is left waits for the end of the copying, and counts nothing", async () => {
  const _ = setUp();
  const leaving = new AbortController();
  const ended = _.downloads.start(request, { signal: leaving.signal });
  _.tell(progressAt(50, 50));
  leaving.abort();
  let hasEnded = false;
  void ended.catch(() => hasEnded = true);
  await settle();
  assert.equal(hasEnded, false);
  _.stopped.resolve();
  await assert.rejects(ended, { code: "DOWNLOAD_CANCELLED" });
  assert.deepEqual(_.events, ["advance 0", "advance 50", "stop"]);
});
