/** Tests when web seeds are asked, on a torrent that only counts what peers have sent. */

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { delay } from "../../../../src/base/mod.ts";
import { WebSeeds } from "../../../../src/engine/download/mod.ts";
import type { Torrent } from "../../../../src/engine/libraries/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const KIB = 1_024;
const PIECES = 4;

/** Bytes that a web server sends until the signal aborts. */
type Answer = (signal: AbortSignal) => AsyncGenerator<Uint8Array>;

/**
 * A download whose tick, four times a second, is that of the clock.
 *
 * @param limit download limit, bytes a second
 */
function download(limit?: number) {
  const clock = new FakeClock();
  const piece = { length: 16 * KIB, _buffered: 0, _reservations: 0, _chunks: 1 };
  const torrent = Object.assign(new EventEmitter(), {
    ...{ ready: true, destroyed: false, received: 0, infoHash: "00".repeat(20), name: "a.tgz" },
    pieces: Array.from({ length: PIECES }, () => ({ ...piece, _cancellations: null })),
    client: {
      throttleGroups: {
        down: { getEnabled: () => limit !== undefined, bucket: { tokensPerInterval: limit } },
      },
    },
    ...{ _reservations: [], pieceLength: 16 * KIB, length: PIECES * 16 * KIB },
  });
  const asked: string[] = [];
  let answer: Answer | undefined;
  const webSeeds = new WebSeeds(torrent as unknown as Torrent, {
    clock,
    fetchRange: ({ url, first, last }, signal) => {
      asked.push(`${url} ${first}-${last}`);
      if (answer) return Promise.resolve({ body: answer(signal) });
      return Promise.reject(new Error("no answer"));
    },
    onBytes: () => {},
    infoHashHex: torrent.infoHash,
  });
  webSeeds.add(["http://a.example/"]);
  return {
    torrent,
    asked,
    clock,
    webSeeds,
    /** Has web servers send these bytes, in place of no answer. */
    set answer(bytes: Answer) {
      answer = bytes;
    },
    /** Lets time pass, in which peers send at a rate (KiB/s). */
    async pass(seconds: number, kibPerSecond = 0) {
      for (let i = 0; i < seconds * 4; i++) {
        await clock.advance(250);
        torrent.received += kibPerSecond * KIB / 4;
        webSeeds.update();
      }
    },
  };
}

Deno.test("a web seed is asked once peers have sent nothing for five seconds", async () => {
  const at = download();
  await at.pass(4.75);
  assert.deepEqual(at.asked, []);
  await at.pass(0.25);
  assert.deepEqual(at.asked, ["http://a.example/a.tgz 0-65535"]);
});

Deno.test("web seeds are left alone while peers send enough, and asked when they send less", async () => {
  const at = download();
  await at.pass(60, 257);
  assert.deepEqual(at.asked, []);
  await at.pass(2, 0);
  assert.equal(at.asked.length, 1, "the average of five seconds counts");
});

Deno.test("peers that fill half of the download limit are not slow", async () => {
  const at = download(20 * KIB);
  await at.pass(60, 11);
  assert.deepEqual(at.asked, []);
  await at.pass(3, 0);
  assert.equal(at.asked.length, 1);
});

Deno.test("slow peers leave their pieces to web seeds", async () => {
  const at = download();
  at.torrent.pieces[0]!._reservations = 1;
  await at.pass(5, 10);
  assert.deepEqual(at.asked, ["http://a.example/a.tgz 16384-65535"]);
});

Deno.test("a server that sends the .torrent slowly does not hold other web seeds up", async () => {
  const at = download();
  Object.assign(at.torrent, { ready: false, pieces: [] });
  // 4 KiB a second is just enough not to be dropped.
  const closing = new AbortController();
  at.answer = async function* () {
    for (;;) {
      yield new Uint8Array(20 * KIB);
      await delay(at.clock, 5_000, closing.signal);
    }
  };
  at.webSeeds.add(["http://b.example/c.tgz", "http://b.example/d.tgz"]);
  const torrentOf = (name: string) => `http://b.example/${name}.torrent 0-${2 * KIB * KIB}`;
  await at.pass(15);
  assert.deepEqual(at.asked, [torrentOf("c")]);
  await at.pass(10);
  assert.deepEqual(at.asked, [torrentOf("c"), torrentOf("d")]);
  at.webSeeds.close();
  closing.abort();
});

for (const ready of [true, false]) {
  const what = ready ? "pieces" : "the .torrent";
  Deno.test(`a web seed that stops sending ${what} is asked again after two minutes`, async () => {
    const at = download();
    if (!ready) {
      Object.assign(at.torrent, { ready, pieces: [] });
      at.webSeeds.add(["http://b.example/b.tgz"]);
    }
    at.answer = async function* (signal) {
      await delay(at.clock, Infinity, signal);
      yield new Uint8Array();
    };
    const problem = () => at.webSeeds.statuses().at(-1)!.problem;
    await at.pass(21);
    assert.match(problem()!, /It sent 0 bytes in 15 s/);
    await at.pass(118);
    assert.equal(at.asked.length, 1);
    await at.pass(2);
    assert.deepEqual(at.asked, [at.asked[0], at.asked[0]]);
    assert.equal(problem(), undefined);
    at.webSeeds.close();
  });
}

Deno.test("a failed web seed is not asked again, and the end of the download ends all", async () => {
  const at = download();
  await at.pass(60);
  assert.equal(at.asked.length, 1);
  assert.equal(at.webSeeds.statuses()[0]!.problem, "no answer");
  at.torrent.emit("done");
  at.webSeeds.add(["http://b.example/"]);
  await at.pass(60);
  assert.equal(at.asked.length, 1);
});
