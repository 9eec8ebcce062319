import assert from "node:assert/strict";
import { seederOf } from "../../../../src/host/seeding/seeder.ts";
import type { KeptSeed } from "../../../../src/worker/mod.ts";

Deno.test("archives are seeded with their due times, which are looked up for announced ones only", async () => {
  const seeded: KeptSeed[] = [];
  const asked: [infoHashHex: string, isKnown: boolean][] = [];
  const lookedUp: string[] = [];
  const seeder = seederOf(
    {
      seed: (archives) => Promise.resolve(void seeded.push(...archives)),
      unseed: () => Promise.resolve(),
    },
    (infoHashHex) => {
      lookedUp.push(infoHashHex);
      return 7;
    },
    (infoHashHex, isKnown) => {
      asked.push([infoHashHex, isKnown]);
      return infoHashHex !== "b";
    },
  );
  const order = (infoHashHex: string) => ({ infoHashHex, filePath: "/x.tgz", lengthBytes: 1 });
  await seeder.seed([{ ...order("a"), modifiedMs: 3 }, { ...order("b"), modifiedMs: 3 }]);
  await seeder.seed([order("c")]);
  await seeder.seed([order("d")], 9);
  assert.deepEqual(asked, [["a", true], ["b", true], ["c", false], ["d", false]]);
  assert.deepEqual(lookedUp, ["a", "c"]);
  assert.deepEqual(seeded.map((one) => [one.infoHashHex, one.announces, one.announceDueMs]), [
    ["a", true, 7],
    ["b", false, Infinity],
    ["c", true, 7],
    ["d", true, 9],
  ]);
});
