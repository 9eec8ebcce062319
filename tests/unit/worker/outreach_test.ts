import assert from "node:assert/strict";
import { Outreach } from "../../../src/worker/outreach.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const [first, second] = ["1".repeat(40), "2".repeat(40)];
const reader = { host: "5.1.1.1", port: 6_881 };

function begin(...answers: { host: string; port: number }[][]) {
  const clock = new FakeClock();
  const searched: string[] = [];
  const dialled: [string, unknown][] = [];
  const outreach = new Outreach({
    clock,
    findPeers: (infoHash, onPeers) => {
      searched.push(infoHash.toHex());
      answers.forEach(onPeers);
      return Promise.resolve();
    },
    dial: (infoHashHex, found) => dialled.push([infoHashHex, found]),
    isOurs: ({ host }) => host === "5.9.9.9",
  });
  return { clock, outreach, searched, dialled };
}

Deno.test("nothing is searched for while this machine can be dialled", async () => {
  const { clock, outreach, searched } = begin([reader]);
  outreach.add(first);
  await clock.advance(600_000);
  assert.deepEqual(searched, []);
  outreach.isWanted = true;
  await clock.advance(15_000);
  outreach.isWanted = false;
  await clock.advance(600_000);
  assert.deepEqual(searched, [first]);
});

Deno.test("torrents are searched in turn, each reader is dialled once in ten minutes, we never", async () => {
  const { clock, outreach, searched, dialled } = begin([reader, { host: "5.9.9.9", port: 6_881 }]);
  outreach.add(first);
  outreach.add(second);
  outreach.isWanted = true;
  await clock.advance(60_000);
  assert.deepEqual(searched, [second, first, second, first]);
  assert.deepEqual(dialled, [[second, [reader]], [first, [reader]]]);
  await clock.advance(600_000);
  assert.equal(dialled.length, 4);
  outreach.forget(second);
  searched.length = 0;
  await clock.advance(30_000);
  assert.deepEqual(searched, [first, first]);
  outreach.stop();
});

Deno.test("nodes that name thousands of peers do not hide a reader, and few are dialled", async () => {
  const liars = Array.from(
    { length: 40 },
    (_, node) =>
      Array.from({ length: 256 }, (_, i) => ({ host: `45.${node}.1.${i}`, port: 6_881 })),
  );
  const { clock, outreach, dialled } = begin(...liars, [reader]);
  outreach.add(first);
  outreach.isWanted = true;
  await clock.advance(60_000);
  const counts = dialled.map(([, found]) => (found as unknown[]).length);
  assert.deepEqual(counts, [64, 64, 64, 64]);
  assert.ok((dialled[0]![1] as unknown[]).includes(reader));
  outreach.stop();
});

Deno.test("the searches of thousands of torrents cost as much as those of one", async () => {
  const { clock, outreach, searched } = begin([reader]);
  for (let i = 0; i < 5_000; i++) outreach.add(i.toString(16).padStart(40, "0"));
  outreach.isWanted = true;
  await clock.advance(3_600_000);
  assert.equal(searched.length, 240);
  assert.equal(new Set(searched).size, 16, "those that were added last");
  outreach.stop();
});
