/**
 * Seeders of a publisher: `status KEY/NAME` and `info` ask the peers at the publisher's rendezvous, among
 * them one that lies.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { toHex, version } from "../../../src/base/mod.ts";
import { publisherRendezvous, type SeederFacts } from "../../../src/records/mod.ts";
import { eventually, newPlace, type Place } from "../../support/place.ts";
import { TestWorker } from "../../support/workers.ts";

/** Starts a peer that announces itself at the rendezvous of a publisher, and claims these facts. */
async function seeder(
  { testnet }: Place,
  publicKey: Uint8Array,
  facts: SeederFacts,
): Promise<TestWorker> {
  const worker = await TestWorker.start({ allowLocal: true, testnet });
  const place = toHex(publisherRendezvous(publicKey));
  await worker.api.setRendezvous([{ infoHashHex: place, announceDueMs: 0 }]);
  const push = worker.events.push.bind(worker.events);
  worker.events.push = (...events) => {
    for (const event of events) {
      if (event.event !== "question") continue;
      const answer = { entries: [], items: [], seeder: facts };
      void worker.api.answerQuestion(event.number, answer);
    }
    return push(...events);
  };
  await eventually(() => worker.reports.some(({ idHex }) => idHex === place));
  return worker;
}

interface Rendezvous {
  found: number;
  answered: number;
  seeders: (SeederFacts & { from: string })[];
}

Deno.test("status of a package of a publisher, and info, show who seeds the publisher, as the seeders claim", async () => {
  await using place = await newPlace();
  const ann = await place.home();
  const reader = await place.home(null);
  await using daemon = await ann.daemon();
  await using reads = await reader.daemon();
  await ann.must(["publish", "-q", await place.source("apple", "1.0.0")]);
  const spec = `${ann.publicKey}/apple`;
  const honest = { version: "9.8.7", archives: 31, bytes: 5_000_000, uptimeSeconds: 90_000 };
  const lie = { version: "\u001b[31m9", archives: 41, bytes: 2 ** 53 - 1, uptimeSeconds: 1 };
  await using _one = await seeder(place, ann.keys.publicKey, honest);
  await using _two = await seeder(place, ann.keys.publicKey, lie);

  const check = ({ found, answered, seeders }: Rendezvous) => {
    assert.ok(found >= 2 && answered >= 2, `${found} found, ${answered} answered`);
    const claimed = (archives: number) => seeders.find((one) => one.archives === archives);
    const from = "127.0.0.1";
    assert.deepEqual(claimed(31), { ...honest, from });
    const { version: _, ...rest } = lie;
    assert.deepEqual(claimed(41), { ...rest, from }, "what is no version is left out");
  };
  const status = JSON.parse(await reader.must(["status", "--json", spec]));
  assert.deepEqual(
    [status.name, status.publisher, status.packages, status.records],
    ["apple", ann.publicKey, [], []],
    "the reader has nothing of it",
  );
  check(status.rendezvous);
  check(JSON.parse(await reader.must(["info", "--json", spec])).rendezvous);
  const shown = /\d that the DHT names for the publisher, \d answered; they claim:\n/;
  const line = /127\.0\.0\.1 +libreseed 9\.8\.7, 31 archives, 4\.8 MiB, up 1d01h\n/;
  for (const args of [["status", spec], ["info", spec]]) {
    const text = await reader.must(args);
    assert.match(text, shown);
    assert.match(text, line);
    assert.match(text, /libreseed of unknown version, 41 archives, 8\.0 PiB, up 1s\n/);
    assert.ok(!text.includes("\u001b"));
  }
  // The publisher's own home shows its versions beside that.
  const own = JSON.parse(await ann.must(["status", "--json", spec]));
  assert.deepEqual(own.packages.map(({ version }: { version: string }) => version), ["1.0.0"]);
  for (const home of [reader, ann]) {
    for (const versions of [`${spec}@^1`, "apple@1.0.0"]) {
      const { code, stderr } = await home.run(["status", versions]);
      assert.equal(code, 2, versions);
      assert.match(stderr, /`status` shows all versions of a package: write \S*apple without @/);
    }
  }
  assert.equal((await reader.run(["status", "apple"])).code, 3, "a bare name is one of this home");
  await reads.end();
  await daemon.end();
  // Without the DHT nobody can be asked, which is not the same as nobody being there.
  const alone = JSON.parse(await ann.must(["info", "--json", "--no-dht", spec]));
  assert.deepEqual([alone.version, "rendezvous" in alone], ["1.0.0", false]);
});

Deno.test("a publisher's daemon and a mirror are found as seeders, with what they seed", async () => {
  await using place = await newPlace();
  const [ann, mirror, reader] = [
    await place.home(),
    await place.home(null),
    await place.home(null),
  ];
  await using daemon = await ann.daemon();
  await using mirroring = await mirror.daemon(["--mirror"]);
  await using reads = await reader.daemon();
  for (const [name, v] of [["apple", "1.0.0"], ["apple", "1.1.0"], ["pear", "1.0.0"]] as const) {
    await ann.must(["publish", "-q", await place.source(name, v)]);
  }
  await mirror.must(["follow", "-q", `${ann.publicKey}/pear`]);
  const lengths = ann.files().filter((name) => name.endsWith(".tgz"))
    .map((name) => Deno.statSync(join(ann.seed, name)).size);
  const total = lengths.reduce((sum, bytes) => sum + bytes, 0);
  const pear = Deno.statSync(join(ann.seed, "pear-1.0.0.tgz")).size;
  const spec = `${ann.publicKey}/pear`;
  // Answers are counted anew each minute.
  await eventually(async () => {
    const { rendezvous } = JSON.parse(await reader.must(["status", "--json", spec]));
    const seeders = (rendezvous as Rendezvous).seeders.map((one) => [
      one.version,
      one.archives,
      one.bytes,
    ]);
    return JSON.stringify(seeders) === JSON.stringify([[version, 3, total], [version, 1, pear]]);
  });
  await reads.end();
  await mirroring.end();
  await daemon.end();
});
