import assert from "node:assert/strict";
import type { PeerAddress } from "../../../src/dht/mod.ts";
import { publisherRendezvous } from "../../../src/records/mod.ts";
import { RendezvousSearches } from "../../../src/worker/rendezvous_searches.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

const place = publisherRendezvous(new Uint8Array(32).fill(7));
const peer = (port: number) => ({ host: "8.8.8.8", port });

/** Searches whose answers the test gives. */
function searching() {
  const clock = new FakeClock();
  const begun: {
    infoHash: Uint8Array;
    isAside: boolean | undefined;
    name: (named: PeerAddress[]) => void;
    end: () => void;
    fail: (error: Error) => void;
  }[] = [];
  const searches = new RendezvousSearches(clock, () => ({
    findPeers(infoHash, { onNamed, isAside } = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<never>();
      begun.push({
        infoHash,
        isAside,
        name: onNamed!,
        end: () => resolve(undefined as never),
        fail: reject,
      });
      return promise;
    },
  }));
  const find = (seen?: number, { signal } = new AbortController()) => {
    const named: PeerAddress[] = [];
    const number = searches.find(place, (_, peers) => named.push(...peers), signal, seen);
    return { named, number };
  };
  return { clock, begun, searches, find };
}

Deno.test("downloads of one publisher share a search, and what it has found so far", async () => {
  const at = searching();
  const first = at.find();
  assert.deepEqual(at.begun[0]!.infoHash, place);
  assert.equal(at.begun[0]!.isAside, true, "other lookups do not learn from it");
  at.begun[0]!.name([peer(1)]);
  const second = at.find();
  at.begun[0]!.name([peer(1), peer(2)]);
  at.begun[0]!.end();
  assert.equal(await first.number, await second.number);
  assert.deepEqual(first.named, [peer(1), peer(1), peer(2)]);
  assert.deepEqual(second.named, first.named);
  const third = at.find();
  assert.equal(await third.number, await first.number);
  assert.deepEqual(third.named, first.named);
  assert.equal(at.begun.length, 1);
});

Deno.test("a download that has had a search gets a new one, but not within two seconds", async () => {
  const at = searching();
  const first = at.find();
  at.begun[0]!.name([peer(1)]);
  at.begun[0]!.end();
  const seen = await first.number;
  const at1 = at.find(seen);
  assert.equal(await at1.number, seen);
  assert.deepEqual(at1.named, []);
  await at.clock.advance(2_000);
  void at.find(seen);
  assert.equal(at.begun.length, 2);
});

Deno.test("a question joins only a search that runs or has just begun", async () => {
  const at = searching();
  const { signal } = new AbortController();
  const named: PeerAddress[] = [];
  const ask = () => at.searches.findToAsk(place, (peers) => named.push(...peers), signal);
  const first = at.find();
  at.begun[0]!.name([peer(1)]);
  const asking = ask();
  at.begun[0]!.end();
  await Promise.all([first.number, asking]);
  assert.deepEqual(named, [peer(1)]);
  await at.clock.advance(2_000);
  void ask();
  assert.equal(at.begun.length, 2);
  at.begun[1]!.name([peer(2)]);
  // A download takes what the question has found.
  assert.deepEqual(at.find().named, [peer(2)]);
});

Deno.test("a search that found nobody, or failed, is not used again", async () => {
  const at = searching();
  const first = at.find();
  at.begun[0]!.end();
  await first.number;
  const second = at.find();
  at.begun[1]!.fail(new Error("The DHT is off"));
  await second.number;
  void at.find();
  assert.equal(at.begun.length, 3);
  await at.clock.advance(30_000);
});

Deno.test("a download that ends leaves the search to the others", async () => {
  const at = searching();
  const leaving = new AbortController();
  const first = at.find(undefined, leaving);
  const second = at.find();
  leaving.abort();
  await first.number;
  at.begun[0]!.name([peer(1)]);
  assert.deepEqual(first.named, []);
  assert.deepEqual(second.named, [peer(1)]);
  at.begun[0]!.end();
  await second.number;
});

Deno.test("the memory of searches is bounded: 64 rendezvous, 32 answers each", async () => {
  const at = searching();
  for (let i = 0; i < 70; i++) {
    const one = new Uint8Array(20).fill(i);
    const found = at.searches.find(one, () => {}, new AbortController().signal);
    for (let answer = 0; answer < 100; answer++) at.begun.at(-1)!.name([peer(1)]);
    at.begun.at(-1)!.end();
    await found;
  }
  await settle();
  const again = (i: number) => {
    let answers = 0;
    const signal = new AbortController().signal;
    void at.searches.find(new Uint8Array(20).fill(i), () => answers++, signal);
    return answers;
  };
  assert.equal(again(69), 32);
  assert.equal(again(0), 0, "the first search is forgotten");
});
