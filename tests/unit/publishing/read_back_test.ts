/**
 * Reading a published package back from the network, with all checks of an ordinary reader.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readBack } from "../../../src/publishing/read_back.ts";
import type { NamesHome } from "../../support/names_home.ts";
import { World } from "../../support/names_world.ts";
import { signedEntry, signedMinimal, signedRecord } from "../../support/signed.ts";

const SLOT = 2;
const DAY_MS = 86_400_000;

function read(
  world: World,
  home: NamesHome,
  minimal = home.minimal("hello", "1.0.0"),
  isIndexed = true,
) {
  const { operations, clock } = home;
  return world.run(readBack({ operations, clock }, minimal, isIndexed));
}

Deno.test("a well-published package reads back without problems", async () => {
  await using world = new World();
  const ann = await world.home(SLOT);
  await world.run(ann.publish("hello", "1.0.0"));
  assert.deepEqual(await read(world, ann), []);
});

Deno.test("a record that readers do not find is reported, with the command that puts it again", async () => {
  await using world = new World();
  const ann = await world.home(SLOT);
  const problems = await read(world, ann, ann.minimal("hello", "1.0.0"), false);
  assert.equal(problems.length, 1);
  assert.match(problems[0]!, /hello@1\.0\.0 could not be read back.*libreseed announce/);
});

Deno.test("an entry that readers drop for its time is reported, with advice about the clock", async () => {
  await using world = new World();
  const ann = await world.home(SLOT);
  await world.run(ann.publish("hello", "1.0.0"));
  const timestampMs = world.clock.now() + DAY_MS;
  const fields = { version: "1.0.0", firstSeenMs: world.clock.now(), timestampMs };
  const { publicKey: k, signature: s } = signedEntry(ann.keys, "hello", fields);
  const entry = { f: fields.firstSeenMs, k, s, t: timestampMs, v: "1.0.0" };
  await world.vandalize("hello", SLOT, [entry]);
  const [problem] = await read(world, ann);
  assert.match(problem!, /do not find hello by its name.*an impossible time.*set the clock/);
});

Deno.test("an index that another publisher overwrote is reported", async () => {
  await using world = new World();
  const ann = await world.home(SLOT);
  await world.run(ann.publish("hello", "1.0.0"));
  await world.vandalize("hello", SLOT, []);
  const [problem] = await read(world, ann);
  assert.match(problem!, /does not show this publisher.*libreseed announce/);
});

Deno.test("a manifest dated in the future, and another archive under the version, are reported", async () => {
  await using world = new World();
  const ann = await world.home(SLOT);
  const minimal = ann.minimal("hello", "1.0.0");
  const { name, version, archiveSha256, btih, length } = minimal;
  const put = async (fields: Partial<typeof minimal>, seq: number) => {
    const timestamp = world.clock.now();
    const signed = signedMinimal(
      { name, version, archiveSha256, btih, length, timestamp, ...fields },
      ann.keys,
    );
    await world.run(ann.manager.put(signedRecord(signed, ann.keys, seq)));
  };
  await put({ timestamp: world.clock.now() + DAY_MS }, 1);
  assert.match(
    (await read(world, ann, minimal, false))[0]!,
    /hello@1\.0\.0 is dated .*set the clock/,
  );
  await put({ archiveSha256: `sha256:${"ee".repeat(32)}` }, 2);
  assert.match((await read(world, ann, minimal, false))[0]!, /shows another archive.*new version/);
});
