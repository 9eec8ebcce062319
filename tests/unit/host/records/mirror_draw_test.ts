import assert from "node:assert/strict";
import {
  type Care,
  careOf,
  drawOf,
  smoothedMirrors,
} from "../../../../src/host/records/mirror_draw.ts";

/** Ids of homes, as random as those of real ones, but the same in each run. */
async function homes(count: number): Promise<Uint8Array[]> {
  return await Promise.all(
    Array.from({ length: count }, async (_, i) =>
      new Uint8Array(
        await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`home ${i}`)),
      )),
  );
}

function cares(ids: Uint8Array[], name: string, mirrors: number): Record<Care, number> {
  const counted = { keeper: 0, reserve: 0, onlooker: 0 };
  for (const id of ids) counted[careOf(drawOf(id, name), mirrors)]++;
  return counted;
}

Deno.test("a draw depends on home and name alone, and is evenly spread", async () => {
  const ids = await homes(2_000);
  assert.equal(drawOf(ids[0]!, "a"), drawOf(ids[0]!, "a"));
  assert.notEqual(drawOf(ids[0]!, "a"), drawOf(ids[0]!, "b"));
  const draws = ids.map((id) => drawOf(id, "a"));
  assert.ok(draws.every((draw) => draw >= 0 && draw < 1));
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
  assert.ok(Math.abs(mean - 0.5) < 0.03, `${mean}`);
});

Deno.test("up to three mirrors keep everything", async () => {
  for (const mirrors of [0, 1, 2, 3]) {
    for (const id of await homes(20)) assert.equal(careOf(drawOf(id, "a"), mirrors), "keeper");
  }
});

Deno.test("of 85 mirrors, three keep a name on average, and nearly always one looks after it", async () => {
  const ids = await homes(85);
  const names = Array.from({ length: 2_000 }, (_, i) => `name-${i}`);
  const each = names.map((name) => cares(ids, name, 85));
  const mean = (care: Care) => each.reduce((sum, one) => sum + one[care], 0) / names.length;
  assert.ok(Math.abs(mean("keeper") - 3) < 0.2, `${mean("keeper")}`);
  assert.ok(Math.abs(mean("reserve") - 5) < 0.3, `${mean("reserve")}`);
  const alone = each.filter(({ keeper }) => keeper === 0).length / names.length;
  assert.ok(alone > 0.02 && alone < 0.08, `${alone}`);
  const lost = each.filter(({ keeper, reserve }) => keeper + reserve === 0).length / names.length;
  assert.ok(lost < 0.003, `${lost}`);
});

Deno.test("a number of mirrors that is far too high leaves some who look after a name", async () => {
  const ids = await homes(85);
  const names = Array.from({ length: 500 }, (_, i) => `name-${i}`);
  const lost = names.filter((name) => {
    const { keeper, reserve } = cares(ids, name, 1_000_000);
    return keeper + reserve === 0;
  });
  assert.ok(lost.length / names.length < 0.01, `${lost.length}`);
});

Deno.test("the number of mirrors is smoothed, and at least one", () => {
  assert.equal(smoothedMirrors(undefined, 0), 1);
  assert.equal(smoothedMirrors(undefined, 40), 40);
  assert.equal(smoothedMirrors(40, 80), 50);
  let mirrors = 40;
  for (let i = 0; i < 20; i++) mirrors = smoothedMirrors(mirrors, 0);
  assert.ok(mirrors < 1.5);
});
