import assert from "node:assert/strict";
import { Fixture, holding } from "../../../support/dht_fixture.ts";

/** Makes a fixture in which a stored record was read recently, as before a put. */
async function readBefore(minutes = 0) {
  const at = new Fixture();
  await at.run(at.manager.put(at.item(1)));
  const { item } = await at.run(at.manager.get(at.key));
  assert.equal(item!.seq, 1);
  await at.clock.advance(minutes * 60_000);
  at.client.sent.length = 0;
  return at;
}

Deno.test("a put that follows a get of the record reuses its lookup", async () => {
  const at = await readBefore();
  const put = await at.run(at.manager.put(at.item(2), { basedOn: [1] }));
  assert.deepEqual([put.asked, put.holding, put.weak], [8, 8, false]);
  assert.deepEqual([at.client.count("get"), at.client.count("put")], [0, 8]);
  assert.equal(holding(at, at.item(2)).length, 8);
  // A lookup result is reused only once, because the put makes it outdated.
  await at.run(at.manager.put(at.item(3), { basedOn: [2] }));
  assert.ok(at.client.count("get") >= 8);
});

Deno.test("a put looks up again after a minute, or without basedOn", async () => {
  for (const [minutes, basedOn] of [[1, [1]], [0, undefined]] as const) {
    const at = await readBefore(minutes);
    await at.run(at.manager.put(at.item(2), { basedOn }));
    assert.ok(at.client.count("get") >= 8);
  }
});

Deno.test("an item put by another since the get is returned as a conflict, and not overwritten", async () => {
  for (const theirs of [2, 7]) {
    const at = await readBefore();
    for (const node of at.near(8)) at.plant(node, at.item(theirs, "theirs"));
    const put = await at.run(at.manager.put(at.item(5), { basedOn: [1] }));
    const found = theirs < 5 ? put.conflict : put.superseded;
    assert.deepEqual(found, at.item(theirs, "theirs"));
    assert.equal(holding(at, at.item(theirs, "theirs")).length, 8);
  }
});
