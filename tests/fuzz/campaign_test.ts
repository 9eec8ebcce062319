import assert from "node:assert/strict";
import { type Campaign, conclude, runCampaign } from "./campaign.ts";
import { fuzz, stateless } from "./target.ts";
import type { Outcome } from "./worker.ts";

const held: Outcome = { kind: "held", inputs: 30, damaged: 20, rssBytes: 0, allocatedBytes: 0 };

/**
 * Runs a campaign with a fake clock. Each target's turn takes `lateMs` longer than its share of the
 * time.
 */
function campaign(
  targets: string[],
  forMs: number,
  lateMs: number,
  outcome: (target: string) => Outcome = () => held,
) {
  let nowMs = 0;
  const turns: { target: string; seed: number; forMs: number }[] = [];
  const broken: string[] = [];
  const run: Campaign["run"] = ({ target, seed, forMs = 0 }) => {
    turns.push({ target, seed, forMs });
    nowMs += forMs + lateMs;
    return Promise.resolve(outcome(target));
  };
  const onBroken = (target: string) => Promise.resolve(void broken.push(target));
  const ended = runCampaign({ targets, forMs, firstSeed: 7, run, now: () => nowMs, onBroken });
  return { ended, turns, broken, elapsedMs: () => nowMs };
}

Deno.test("targets that exceed their time leave the later ones equal shares of the rest", async () => {
  const { ended, turns } = campaign(["a", "b", "c", "d"], 4_000, 500);
  await ended;
  assert.deepEqual(turns.map(({ target }) => target), ["a", "b", "c", "d"]);
  const shares = turns.map(({ forMs }) => Math.round(forMs));
  assert.deepEqual(shares, [1_000, 833, 583, 83]);
});

Deno.test("the first round reaches every target, even when the time is over", async () => {
  const { ended, turns } = campaign(["a", "b", "c", "d"], 1_000, 2_000);
  assert.ok(conclude(await ended, 7).isGood);
  assert.deepEqual(turns.map(({ target, forMs }) => [target, forMs]), [
    ["a", 250],
    ["b", 0],
    ["c", 0],
    ["d", 0],
  ]);
});

Deno.test("each further round has another seed, and the rounds end with the time", async () => {
  const { ended, turns, elapsedMs } = campaign(["a", "b"], 100_000, 0);
  await ended;
  assert.deepEqual(turns.map(({ seed }) => seed), [7, 7, 8, 8, 9, 9]);
  assert.deepEqual(turns.map(({ forMs }) => forMs / 1_000), [20, 20, 20, 20, 10, 10]);
  assert.equal(elapsedMs(), 100_000);
});

Deno.test("a run fails and names the target that got no damaged input", async () => {
  const { ended } = campaign(
    ["met", "unmet"],
    1_000,
    0,
    (target) => target === "met" ? held : { ...held, damaged: 0 } as Outcome,
  );
  const { lines, isGood } = conclude(await ended, 7);
  assert.ok(!isGood);
  assert.equal(lines.at(-1), "without any damaged input: unmet");
  assert.equal(lines.at(-2), "first seed 7, 0 broken, at most 0 MiB resident");
});

Deno.test("a run fails and reports the target that broke", async () => {
  const broke: Outcome = { kind: "broke", input: new Uint8Array(1), why: "it did" };
  const { ended, broken } = campaign(["a", "b"], 1_000, 0, (name) => name === "a" ? broke : held);
  const { lines, isGood } = conclude(await ended, 7);
  assert.ok(!isGood);
  assert.deepEqual(broken, ["a"]);
  assert.match(lines.at(-1)!, /^first seed 7, 1 broken/);
});

Deno.test("a turn without any time left still has damaged inputs", async () => {
  let seen = 0;
  const target = { name: "nothing", open: stateless(() => void seen++) };
  const outcome = await fuzz(target, () => 0.5, { untilMs: -1, leastInputs: 3 });
  assert.deepEqual([outcome.damaged, outcome.count, seen], [3, 3, 3]);
});
