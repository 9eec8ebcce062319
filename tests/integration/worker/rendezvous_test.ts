import assert from "node:assert/strict";
import { toHex } from "../../../src/base/mod.ts";
import {
  nameRendezvous,
  publisherRendezvous,
  type RendezvousAnswer,
  type RendezvousQuestion,
} from "../../../src/records/mod.ts";
import { startTestnet, type Testnet } from "../../../src/testnet/mod.ts";
import type { RendezvousAsked, WorkerOptions } from "../../../src/worker/mod.ts";
import { eventually } from "../../support/engines.ts";
import { TestWorker } from "../../support/workers.ts";

const NAME: RendezvousQuestion = { kind: "name", name: "demo" };
const PUBLISHER: RendezvousQuestion = { kind: "publisher", publicKey: new Uint8Array(32).fill(7) };
const NAME_PLACE = toHex(nameRendezvous("demo"));

/** An answer that tells who gave it. */
function answerOf(archives: number): RendezvousAnswer {
  const seeder = { version: "2.0.0", archives, bytes: 4_096, uptimeSeconds: 60 };
  return { entries: [], items: [], seeder };
}

type Options = Partial<Pick<WorkerOptions, "encryption" | "transport">>;

function start(testnet: Testnet, options: Options = {}): Promise<TestWorker> {
  return TestWorker.start({ allowLocal: true, testnet, ...options });
}

/** Announces a worker at places, and answers its questions until the end of the test. */
async function meet(worker: TestWorker, places: string[], answer: RendezvousAnswer): Promise<void> {
  await worker.api.setRendezvous(
    places.map((infoHashHex) => ({ infoHashHex, announceDueMs: 0 })),
  );
  const answered = new Set<number>();
  const push = worker.events.push.bind(worker.events);
  worker.events.push = (...events) => {
    for (const event of events) {
      if (event.event !== "question" || answered.has(event.number)) continue;
      answered.add(event.number);
      void worker.api.answerQuestion(event.number, answer);
    }
    return push(...events);
  };
  await eventually(
    () => places.every((place) => worker.reports.some((report) => report.idHex === place)),
    "the rendezvous are announced",
  );
}

/** Asks until so many peers have answered one question, since a busy machine may need more than 6 s. */
async function askUntil(
  reader: TestWorker,
  question: RendezvousQuestion,
  answered: number,
): Promise<{ asked: RendezvousAsked; operation: number }> {
  for (let operation = 1;; operation++) {
    const asked = await reader.api.askRendezvous(operation, question);
    if (asked.answered === answered) return { asked, operation };
  }
}

function answersOf(worker: TestWorker, operation: number): RendezvousAnswer[] {
  return worker.events.flatMap((event) =>
    event.event === "answer" && event.operation === operation ? [event.answer] : []
  );
}

for (
  const [how, options] of Object.entries<Options>({
    "encrypted, by TCP": { encryption: "require", transport: "tcp" },
    "encrypted, by uTP": { encryption: "require", transport: "utp" },
    "plain, by TCP": { encryption: "off", transport: "tcp" },
    "plain, by uTP": { encryption: "off", transport: "utp" },
  })
) {
  Deno.test(`peers of a rendezvous are found and asked (${how})`, async () => {
    await using testnet = await startTestnet({ nodes: 12 });
    await using one = await start(testnet, options);
    await using other = await start(testnet, options);
    await using reader = await start(testnet, options);
    await meet(one, [NAME_PLACE], answerOf(1));
    await meet(other, [NAME_PLACE], answerOf(2));
    const { asked, operation } = await askUntil(reader, NAME, 2);
    assert.deepEqual(asked, { found: 2, dialled: 2, answered: 2 });
    const answers = answersOf(reader, operation)
      .sort((a, b) => a.seeder!.archives - b.seeder!.archives);
    assert.deepEqual(answers, [answerOf(1), answerOf(2)]);
    const heard = one.events.find(({ event }) => event === "question");
    assert.deepEqual(heard, { event: "question", number: 1, question: NAME });
  });
}

Deno.test("a peer takes no handshake for a rendezvous that it has left", async () => {
  await using testnet = await startTestnet({ nodes: 12 });
  await using peer = await start(testnet);
  await using reader = await start(testnet);
  const place = toHex(publisherRendezvous(PUBLISHER.publicKey));
  await meet(peer, [place, NAME_PLACE], answerOf(1));
  await peer.api.setRendezvous([{ infoHashHex: NAME_PLACE, announceDueMs: 0 }]);
  assert.equal((await reader.api.askRendezvous(99, PUBLISHER)).answered, 0);
  await askUntil(reader, NAME, 1);
  const { schedule } = await peer.api.status();
  assert.equal(schedule.kept, 1, "the place that was left is announced no more");
});

Deno.test("a question that the host does not answer gets an empty answer", async () => {
  await using testnet = await startTestnet({ nodes: 12 });
  await using peer = await start(testnet);
  await using reader = await start(testnet);
  await peer.api.setRendezvous([{ infoHashHex: NAME_PLACE, announceDueMs: 0 }]);
  await eventually(() => peer.reports.length > 0, "the rendezvous is announced");
  const { asked, operation } = await askUntil(reader, NAME, 1);
  assert.deepEqual(asked, { found: 1, dialled: 1, answered: 1 });
  assert.deepEqual(answersOf(reader, operation), [{ entries: [], items: [] }]);
});

Deno.test("a machine does not ask itself", async () => {
  await using testnet = await startTestnet({ nodes: 12 });
  await using peer = await start(testnet);
  await meet(peer, [NAME_PLACE], answerOf(1));
  const { answered } = await peer.api.askRendezvous(1, NAME);
  assert.equal(answered, 0);
});
