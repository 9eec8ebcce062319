/**
 * Tests readers of a publisher with thousands of packages: they read a part of the catalog, and still find
 * everything where only the catalog of an earlier program is there.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { MinimalManifest } from "../../../src/package/mod.ts";
import {
  listCatalog,
  type LongCatalog,
  longCatalog,
  packageName,
} from "../../support/long_catalog.ts";
import { type Home, newPlace, type Place } from "../../support/place.ts";

const PACKAGES = 5_000;

/** A publisher of `hello` in two versions, whose daemon runs, and a long catalog with both. */
async function manyPackages(place: Place): Promise<{ publisher: Home; long: LongCatalog }> {
  const publisher = await place.home();
  const sources = await Promise.all(["1.0.0", "1.1.0"].map((one) => place.source("hello", one)));
  await publisher.must(["publish", "-q", ...sources]);
  const others = await Promise.all(["1.0.0", "1.1.0"].map(async (version) =>
    JSON.parse(
      await Deno.readTextFile(join(publisher.seed, `hello-${version}.minimal.json`)),
    ) as MinimalManifest
  ));
  const { keys } = publisher;
  const long = await longCatalog({ keys, packages: PACKAGES, signed: 7, others });
  return { publisher, long };
}

Deno.test("a range of a publisher with 5,000 packages costs no whole catalog", async () => {
  await using place = await newPlace();
  const { publisher, long } = await manyPackages(place);
  const daemon = await publisher.daemon();
  await listCatalog(publisher, place.testnet, long);
  const key = publisher.publicKey;

  const user = await place.home(null);
  const resolved = await user.run(["resolve", `${key}/hello@^1`, "--json", "-v"]);
  assert.equal(resolved.code, 0, resolved.stderr);
  assert.equal(JSON.parse(resolved.stdout).version, "1.1.0");
  const [, bytes] = /; 1 download, (\d+) bytes/.exec(resolved.stderr) ?? [];
  assert.ok(Number(bytes) > 16_384 && Number(bytes) < 60_000, resolved.stderr);
  assert.deepEqual(user.files(), []);

  // The archive comes by a range, too; nothing of the index stays.
  await user.must(["get", `${key}/hello@~1.0`]);
  assert.deepEqual(user.files().filter((name) => !name.startsWith("hello-1.0.0")), []);
  const missing = await user.run(["resolve", `${key}/${packageName(5)}x@^1`]);
  assert.equal(missing.code, 3, missing.stderr);
  assert.match(missing.stderr, /package-000005x/);
  await daemon.end();
});

Deno.test("a daemon that reads parts keeps no file of them, and reads its own index from the disk", async () => {
  await using place = await newPlace();
  const { publisher, long } = await manyPackages(place);
  const daemon = await publisher.daemon();
  await listCatalog(publisher, place.testnet, long);
  const user = await place.home(null);
  const other = await user.daemon();
  const spec = `${publisher.publicKey}/hello@^1`;
  assert.match(await user.must(["resolve", spec]), /1\.1\.0/);
  assert.match(await publisher.must(["resolve", spec]), /1\.1\.0/);
  await other.end();
  assert.deepEqual(user.files(), []);
  await daemon.end();
});

Deno.test("where only the catalog of an earlier program is seeded, a range is found in it", async () => {
  await using place = await newPlace();
  const { publisher, long } = await manyPackages(place);
  const daemon = await publisher.daemon();
  // The publisher is of today, and the only mirror that is left seeds no index.
  await listCatalog(publisher, place.testnet, long, { index: false, record: { index: true } });
  const user = await place.home(null);
  assert.match(await user.must(["resolve", `${publisher.publicKey}/hello@^1`]), /1\.1\.0/);
  // A reader of the whole catalog makes its index, and seeds both.
  assert.deepEqual(user.files().map((name) => name.replace(/-[0-9a-f]{16}/, "")).sort(), [
    ...["catalog.jsonl", "catalog.torrent", "index.bin", "index.torrent"],
  ]);
  await daemon.end();
});
