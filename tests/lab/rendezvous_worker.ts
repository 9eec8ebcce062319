/**
 * A sandboxed engine at the rendezvous of a name, for the lab. Arguments:
 *
 *   met ARCHIVES BOOTSTRAP    is met there until the process ends, and answers every question with its
 *                             number of archives; prints `ready` once it is announced
 *   ask BOOTSTRAP             asks, and prints the outcome and the numbers of archives as JSON
 *
 * BOOTSTRAP is a DHT node, `HOST:PORT`.
 */

import { toHex } from "../../src/base/mod.ts";
import { rendezvousOf, type RendezvousQuestion } from "../../src/records/mod.ts";
import type { WorkerEvent } from "../../src/worker/mod.ts";
import { TestWorker } from "../support/workers.ts";

const QUESTION: RendezvousQuestion = { kind: "name", name: "demo" };
const POLL_MS = 200;

function start(bootstrap: string, port: number): Promise<TestWorker> {
  const testnet = { bootstrap } as Parameters<typeof TestWorker.start>[0]["testnet"];
  return TestWorker.start({ allowLocal: false, testnet, port });
}

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

if (Deno.args[0] === "met") {
  const [, archives, bootstrap] = Deno.args as ["met", string, string];
  const worker = await start(bootstrap, 6_881);
  const seeder = { version: "1", archives: Number(archives), bytes: 1, uptimeSeconds: 1 };
  await worker.api.setRendezvous([{
    infoHashHex: toHex(rendezvousOf(QUESTION)),
    announceDueMs: 0,
  }]);
  const isAnnounced = ({ report }: Extract<WorkerEvent, { event: "announced" }>) =>
    (report.announce?.stored ?? 0) > 0;
  for (let isReady = false, heard = 0;; await delay(POLL_MS)) {
    for (const event of worker.events.slice(heard)) {
      heard++;
      if (event.event === "question") {
        await worker.api.answerQuestion(event.number, { entries: [], items: [], seeder });
      } else if (event.event === "announced" && isAnnounced(event) && !isReady) {
        isReady = true;
        console.log("ready");
      }
    }
  }
} else {
  const [, bootstrap] = Deno.args as ["ask", string];
  await using worker = await start(bootstrap, 7_001);
  let asked = await worker.api.askRendezvous(0, QUESTION);
  // The first nodes of a fresh routing table may not have answered yet.
  for (let i = 1; asked.found === 0; i++) asked = await worker.api.askRendezvous(i, QUESTION);
  const archives = worker.events.flatMap((event) =>
    event.event === "answer" ? [event.answer.seeder?.archives] : []
  );
  console.log(JSON.stringify({ asked, archives: archives.sort() }));
}
