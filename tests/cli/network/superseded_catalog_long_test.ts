/**
 * Tests a publisher that publishes while a reader resolves: the catalog that the reader's record
 * names is still seeded although a newer catalog has replaced it.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock, toHex } from "../../../src/base/mod.ts";
import { readList } from "../../../src/fetching/publisher_list.ts";
import { catalogFileName } from "../../../src/package/mod.ts";
import { announceSalt, decodeAnnounceRecord } from "../../../src/records/mod.ts";
import { Home } from "../../support/engine_home.ts";
import { newPlace } from "../../support/place.ts";

/** Number of packages. Their list exceeds a record, so the publisher needs a catalog. */
const PACKAGES = 16;
/** Makes a long package name, so that few names exceed the size of a record. */
const nameOf = (number: number) => `package-${number}-${"x".repeat(50)}`;

Deno.test("a recently superseded catalog is still seeded, even after a restart", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  const { publicKey } = publisher.keys;
  const reader = await Deno.makeTempDir({ dir: place.path });
  await using home = await Home.open(reader, place.testnet);
  const { operations } = home.node;
  const key = { publicKey, salt: announceSalt(publicKey) };
  const shown = async () => (await operations.lookUp(key)).item!;
  const first = await publisher.daemon();
  const paths = await Promise.all(
    Array.from({ length: PACKAGES }, (_, number) => place.source(nameOf(number), "1.0.0")),
  );
  await publisher.must(["publish", "-q", ...paths]);
  const item = await shown();
  await publisher.must(["publish", "-q", await place.source(nameOf(PACKAGES), "1.0.0")]);
  assert((await shown()).seq > item.seq);
  await first.end();

  await using second = await publisher.daemon();
  // On a busy machine, the first `publish` command updates the list in several batches, each with
  // its own catalog.
  const infoHashHex = toHex(decodeAnnounceRecord(item.value).catalogInfoHash!);
  assert(publisher.files().some((name) => name.endsWith(`~${infoHashHex}.jsonl`)));
  const stale = () => Promise.resolve({ asked: 1, responded: 1, item: undefined });
  const context = {
    // Some DHT nodes still hold the previous record.
    operations: new Proxy(operations, {
      get: (of, name) => name === "lookUp" ? stale : Reflect.get(of, name).bind(of),
    }),
    seedDirectory: home.settings.dir,
    clock: systemClock,
    timeoutMs: 120_000,
  };
  const { catalog } = await readList(context, publicKey, item);
  assert.equal(catalog!.manifests.length, PACKAGES);
  await second.end();
});

Deno.test("a catalog is found as soon as the record names it, even if announcements are slow", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  const { publicKey } = publisher.keys;
  const reader = await Deno.makeTempDir({ dir: place.path });
  await using home = await Home.open(reader, place.testnet);
  const { operations } = home.node;
  // At one packet per second, announcing the archives takes minutes.
  const daemon = await publisher.daemon(["--dht-rate", "1"]);
  const paths = await Promise.all(
    Array.from({ length: PACKAGES }, (_, number) => place.source(nameOf(number), "1.0.0")),
  );
  await publisher.must(["publish", "-q", ...paths]);
  const { item } = await operations.lookUp({ publicKey, salt: announceSalt(publicKey) });
  const { catalogInfoHash } = decodeAnnounceRecord(item!.value);
  const { peers } = await operations.countPeers({ infoHash: toHex(catalogInfoHash!) });
  assert.equal(peers, 1);
  await daemon.end();
});

Deno.test("publish --seed-for seeds the catalog together with the archives", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  const user = await place.home(null);
  const paths = await Promise.all(
    Array.from({ length: PACKAGES }, (_, number) => place.source(nameOf(number), "1.0.0")),
  );
  await using publishing = publisher.spawn(["publish", "--seed-for", "1h", ...paths], {
    timeoutMs: 600_000,
  });
  await publishing.waitForLine(/seeding for/);
  await user.must(["get", `${publisher.publicKey}/${nameOf(0)}`, "--timeout", "5m"], {
    timeoutMs: 600_000,
  });
  publishing.kill("SIGTERM");
  await publishing.result;
});

Deno.test("a daemon that is stopped while it hashes a catalog leaves no temporary", async () => {
  await using place = await newPlace();
  const home = await place.home();
  await Deno.mkdir(home.seed);
  const path = join(home.seed, catalogFileName(home.keys.publicKey));
  await Deno.writeFile(path, new Uint8Array(1));
  await Deno.truncate(path, 512 << 20);
  const daemon = await home.daemon();
  await daemon.end();
  // The stopped daemon must leave no temporary file in the seed directory.
  assert.deepEqual(home.files().filter((name) => name.startsWith(".tmp-")), []);
});
