import assert from "node:assert/strict";
import { toHex } from "../../../src/base/mod.ts";
import type { PeerAddress } from "../../../src/dht/mod.ts";
import {
  nameRendezvous,
  type RendezvousAnswer,
  type RendezvousQuestion,
} from "../../../src/records/mod.ts";
import type { WorkerEvent } from "../../../src/worker/mod.ts";
import { Rendezvous } from "../../../src/worker/rendezvous.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

const QUESTION: RendezvousQuestion = { kind: "name", name: "demo" };
const NOTHING: RendezvousAnswer = { entries: [], items: [] };
const ANSWER: RendezvousAnswer = {
  ...NOTHING,
  seeder: { version: "1", archives: 1, bytes: 2, uptimeSeconds: 3 },
};
const place = (infoHashHex: string, announceDueMs = 0) => ({ infoHashHex, announceDueMs });

/** A worker's rendezvous, between an engine, a schedule and a host of the test. */
function world() {
  const clock = new FakeClock();
  const events: WorkerEvent[] = [];
  const kept = new Map<string, number>();
  const peers: { places: string[]; asked: string[] } = { places: [], asked: [] };
  const rendezvous = new Rendezvous({
    clock,
    send: (event) => events.push(event),
    schedule: () => ({
      keepTorrent: (infoHashHex, dueMs) => kept.set(infoHashHex, dueMs),
      forget: (infoHashHex) => kept.delete(infoHashHex),
    }),
    peers: () => ({
      setPlaces: (places) => peers.places = [...places],
      ask: async (infoHashHex, _question, { findPeers, isOurs, onAnswer, signal }) => {
        peers.asked.push(infoHashHex);
        const found: PeerAddress[] = [];
        await findPeers((named) => found.push(...named.filter((peer) => !isOurs(peer))), signal);
        for (const { host } of found) onAnswer(ANSWER, host);
        return { found: found.length, dialled: found.length, answered: found.length };
      },
    }),
    findPeers: (_infoHash, onNamed) => {
      onNamed([{ host: "80.0.0.1", port: 1 }, { host: "80.0.0.2", port: 2 }]);
      return Promise.resolve();
    },
    isOurs: ({ host }) => host === "80.0.0.2",
  });
  return { clock, events, kept, peers, rendezvous };
}

Deno.test("places that are new are announced, and places that are gone are announced no more", () => {
  const { kept, peers, rendezvous } = world();
  rendezvous.set([place("aa", 5), place("bb", 6)]);
  assert.deepEqual([...kept], [["aa", 5], ["bb", 6]]);
  assert.deepEqual(peers.places, ["aa", "bb"]);
  kept.set("bb", 1_000);
  rendezvous.set([place("bb", 6), place("cc", 7)]);
  assert.deepEqual([...kept], [["bb", 1_000], ["cc", 7]], "bb keeps its due time");
  rendezvous.set([]);
  assert.equal(kept.size, 0);
  assert.deepEqual(peers.places, []);
});

Deno.test("a question goes to the host, and its answer to the peer", async () => {
  const { events, rendezvous } = world();
  const [first, second] = [rendezvous.hear(QUESTION), rendezvous.hear(QUESTION)];
  assert.deepEqual(events, [
    { event: "question", number: 1, question: QUESTION },
    { event: "question", number: 2, question: QUESTION },
  ]);
  rendezvous.answer(2, ANSWER);
  rendezvous.answer(1, NOTHING);
  rendezvous.answer(1, ANSWER);
  rendezvous.answer(99, ANSWER);
  assert.deepEqual(await first, NOTHING);
  assert.deepEqual(await second, ANSWER);
});

Deno.test("a host that does not answer gives an empty answer after five seconds", async () => {
  const { clock, rendezvous } = world();
  let answer: RendezvousAnswer | undefined;
  void rendezvous.hear(QUESTION).then((told) => answer = told);
  await clock.advance(4_999);
  assert.equal(answer, undefined);
  await clock.advance(1);
  assert.deepEqual(answer, NOTHING);
  assert.equal(clock.timers, 0);
});

Deno.test("questions without an answer are bounded", async () => {
  const { clock, events, rendezvous } = world();
  const answers: RendezvousAnswer[] = [];
  for (let i = 0; i < 1_000; i++) void rendezvous.hear(QUESTION).then((told) => answers.push(told));
  await settle();
  assert.equal(events.length, 256);
  assert.equal(answers.length, 1_000 - 256);
  await clock.advance(5_000);
  assert.equal(answers.length, 1_000);
});

Deno.test("peers that the caller knows are asked besides those that the DHT names", async () => {
  const { events, rendezvous } = world();
  const known = [{ host: "80.0.0.3", port: 3 }];
  const asked = await rendezvous.ask(7, QUESTION, new AbortController().signal, known);
  assert.deepEqual(asked, { found: 2, dialled: 2, answered: 2 });
  const from = events.flatMap((event) => event.event === "answer" ? [event.from] : []);
  assert.deepEqual(from, ["80.0.0.3", "80.0.0.1"]);
});

Deno.test("each answer of a peer is an event of the operation", async () => {
  const { events, peers, rendezvous } = world();
  const asked = await rendezvous.ask(7, QUESTION, new AbortController().signal);
  assert.deepEqual(asked, { found: 1, dialled: 1, answered: 1 });
  assert.deepEqual(peers.asked, [toHex(nameRendezvous("demo"))]);
  assert.deepEqual(events, [{ event: "answer", operation: 7, answer: ANSWER, from: "80.0.0.1" }]);
});
