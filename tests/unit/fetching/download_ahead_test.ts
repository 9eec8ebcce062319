/**
 * Downloads that begin before their archive is certain to be wanted.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { CallOptions, Downloaded, RequestOf } from "../../../src/control/mod.ts";
import type { DownloadProgress } from "../../../src/engine/mod.ts";
import type { FetchContext } from "../../../src/fetching/context.ts";
import { DownloadAhead } from "../../../src/fetching/download_ahead.ts";
import { downloadUntilStalled } from "../../../src/fetching/stall_timeout.ts";
import { keyPairFromSeed } from "../../../src/identity/mod.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { signedMinimal } from "../../support/signed.ts";
import { whenAborted } from "../../support/aborts.ts";

const keys = keyPairFromSeed(new Uint8Array(32).fill(7));
const archive = (digits: string) =>
  signedMinimal({
    ...{ name: "hello", version: "1.0.0", archiveSha256: `sha256:${"cd".repeat(32)}` },
    ...{ btih: digits.repeat(20), length: 3, timestamp: 1 },
  }, keys);
const [one, other] = [archive("ab"), archive("cd")];
const downloaded: Downloaded = { path: "/seed/.partial", torrent: new Uint8Array(3) };
const progress = { downloadedBytes: 2, lengthBytes: 3 } as DownloadProgress;

/** A download that the fake host runs. */
interface Running {
  request: RequestOf<"download">;
  options: CallOptions<DownloadProgress>;
  finish(): void;
  fail(error: Error): void;
}

/** Makes downloads ahead over a fake host; `present`: whether the seed directory has all archives. */
function start({ present = false, signal }: { present?: boolean; signal?: AbortSignal } = {}) {
  const running: Running[] = [];
  const context = {
    operations: {
      download(request: RequestOf<"download">, options: CallOptions<DownloadProgress>) {
        const { promise, resolve, reject } = Promise.withResolvers<Downloaded>();
        whenAborted(options.signal, () => reject(options.signal!.reason));
        running.push({ request, options, finish: () => resolve(downloaded), fail: reject });
        return promise;
      },
      status: () => Promise.resolve({ dht: { state: "off", why: "it is switched off" } }),
    },
    seeds: { find: () => Promise.resolve(present ? {} : undefined) },
    limits: { maxArchiveBytes: 9 },
    finding: { clock: new FakeClock(), timeoutMs: 1_000, signal },
  } as unknown as FetchContext;
  return { running, ahead: new DownloadAhead(context) };
}

const requestOf = ({ btih }: { btih: string }, webSeeds: string[] = []) => ({
  ...{ infoHash: btih, lengthBytes: 3, maxBytes: 9, peers: [], webSeeds },
});

Deno.test("a download that runs ahead is taken over, with its progress so far and later", async () => {
  const { running, ahead } = start();
  ahead.begin({ minimal: one, webSeeds: [] });
  await settle();
  running[0]!.options.onEvent!(progress);
  const heard: DownloadProgress[] = [];
  const result = ahead.download(requestOf(one), { onEvent: (event) => heard.push(event) });
  running[0]!.options.onEvent!({ ...progress, downloadedBytes: 3 });
  running[0]!.finish();
  assert.deepEqual(await result, downloaded);
  assert.deepEqual(heard.map(({ downloadedBytes }) => downloadedBytes), [2, 3]);
  await ahead.end();
  assert.equal(running.length, 1);
  assert.equal(running[0]!.options.signal!.aborted, false);
});

Deno.test("a download that ended before it was wanted is taken over too", async () => {
  const { running, ahead } = start();
  ahead.begin({ minimal: one, webSeeds: [] });
  await settle();
  running[0]!.finish();
  await settle();
  assert.deepEqual(await ahead.download(requestOf(one)), downloaded);
  assert.equal(running.length, 1);
});

Deno.test("a download of another archive is ended before the wanted one begins", async () => {
  const { running, ahead } = start();
  ahead.begin({ minimal: one, webSeeds: [] });
  await settle();
  const result = ahead.download(requestOf(other));
  await settle();
  assert.equal(running[0]!.options.signal!.aborted, true);
  assert.equal(running[1]!.request.infoHash, other.btih);
  running[1]!.finish();
  await result;
});

Deno.test("only one download runs ahead, that of the newest manifest", async () => {
  const { running, ahead } = start();
  for (const minimal of [one, one, other]) {
    ahead.begin({ minimal, webSeeds: [] });
    await settle();
  }
  assert.deepEqual(running.map(({ request }) => request.infoHash), [one.btih, other.btih]);
  assert.deepEqual(running.map(({ options }) => options.signal!.aborted), [true, false]);
  await ahead.end();
  assert.equal(running[1]!.options.signal!.aborted, true);
});

Deno.test("a download that failed ahead is repeated, so that the request gets its own error", async () => {
  const { running, ahead } = start();
  ahead.begin({ minimal: one, webSeeds: [] });
  await settle();
  const result = ahead.download(requestOf(one));
  running[0]!.fail(new Error("ahead"));
  await settle();
  running[1]!.fail(new Error("asked for"));
  await assert.rejects(result, { message: "asked for" });
});

Deno.test("a caller that gives up ends the download that it has taken over", async () => {
  const { running, ahead } = start();
  ahead.begin({ minimal: one, webSeeds: [] });
  await settle();
  const caller = new AbortController();
  const result = ahead.download(requestOf(one), { signal: caller.signal });
  caller.abort(new Error("stalled"));
  await assert.rejects(result, { message: "stalled" });
  assert.equal(running[0]!.options.signal!.aborted, true);
});

Deno.test("an interrupted command begins no download", async () => {
  const { running, ahead } = start({ signal: AbortSignal.abort() });
  ahead.begin({ minimal: one, webSeeds: [] });
  await ahead.end();
  assert.equal(running.length, 0);
});

Deno.test("an archive in the seed directory is not downloaded ahead", async () => {
  const { running, ahead } = start({ present: true });
  ahead.begin({ minimal: one, webSeeds: [] });
  await settle();
  await ahead.end();
  assert.equal(running.length, 0);
});

Deno.test("a download that lacks a web seed of the request is not taken over", async () => {
  const { running, ahead } = start();
  const url = "https://example.org/hello-1.0.0.tgz";
  ahead.begin({ minimal: one, webSeeds: [] });
  await settle();
  const result = ahead.download(requestOf(one, [url]));
  await settle();
  assert.equal(running[0]!.options.signal!.aborted, true);
  assert.deepEqual(running[1]!.request.webSeeds, [url]);
  running[1]!.finish();
  await result;
});

Deno.test("the error of a download that gets nothing says that the DHT is off", async () => {
  const { ahead } = start();
  const clock = new FakeClock();
  const failed = downloadUntilStalled(ahead, { clock, timeoutMs: 1_000 }, {
    request: requestOf(one),
    ...{ label: "hello@1.0.0", hasRecord: true, onProgress() {} },
  }).then(() => "no error", ({ message }) => message);
  await clock.advance(1_000);
  assert.match(await failed, /the DHT is off \(it is switched off\)/);
});
