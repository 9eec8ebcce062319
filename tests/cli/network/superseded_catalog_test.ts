/**
 * A publisher publishes on while a reader reads: the catalog that the reader's record names is served
 * though a later one has taken its place.
 *
 * @module
 */

import assert from "node:assert/strict";
import { systemClock, toHex } from "../../../src/base/mod.ts";
import { readList } from "../../../src/daemon/offer.ts";
import { itemFromJson } from "../../../src/daemon/operations.ts";
import { announceSalt } from "../../../src/records/mod.ts";
import { Home } from "../../integration/install/home.ts";
import { eventually, newPlace } from "./place.ts";

/** So long that few of them fill a record. */
const nameOf = (number: number) => `package-${number}-${"x".repeat(50)}`;

Deno.test("a catalog that was superseded a moment ago is still served, also after a restart", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  const { publicKey } = publisher.keys;
  const reader = await Deno.makeTempDir({ dir: place.path });
  await using home = await Home.open(reader, place.testnet);
  const { operations } = home.node;
  const shown = async () => {
    const request = { publicKey: toHex(publicKey), salt: toHex(announceSalt(publicKey)) };
    return itemFromJson((await operations.lookUp(request)).item!);
  };
  const first = await publisher.daemon();
  const paths = await Promise.all(
    Array.from({ length: 16 }, (_, number) => place.source(nameOf(number), "1.0.0")),
  );
  await publisher.must(["publish", "-q", ...paths]);
  const item = await shown();
  await publisher.must(["publish", "-q", await place.source(nameOf(16), "1.0.0")]);
  assert((await shown()).seq > item.seq);
  await first.end();

  await using second = await publisher.daemon();
  const kept = () => publisher.files().filter((name) => /^catalog-.*~.*\.jsonl$/.test(name));
  await eventually(() => Promise.resolve(kept().length === 2));
  const stale = () => Promise.resolve({ asked: 1, responded: 1, item: undefined });
  const context = {
    // Some nodes show the record of before still.
    operations: new Proxy(operations, {
      get: (of, name) => name === "lookUp" ? stale : Reflect.get(of, name).bind(of),
    }),
    seedDirectory: home.settings.dir,
    clock: systemClock,
    timeoutMs: 120_000,
  };
  const { catalog } = await readList(context, publicKey, item);
  assert.equal(catalog!.manifests.length, 16);
  await second.end();
});
