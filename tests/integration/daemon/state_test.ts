/**
 * Tests the start of a daemon on an existing home: with a damaged state database, with files that a
 * killed daemon left, and with a saved state.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../src/base/mod.ts";
import { StateDatabase } from "../../../src/store/mod.ts";
import { eventually, type Home, newPlace } from "../../support/place.ts";
import { freePort } from "../../support/mod.ts";

// deno-lint-ignore no-explicit-any -- what a test reads of it is asserted
const statusOf = async (home: Home): Promise<any> =>
  JSON.parse(await home.must(["status", "--json"]));

/** Copies the times of one file to another, to the nanosecond. */
async function touch(path: string, reference: string): Promise<void> {
  const { success } = await new Deno.Command("touch", { args: ["-r", reference, path] }).output();
  assert(success);
}

const setAside = (home: Home) =>
  [...Deno.readDirSync(join(home.path, "aside"))].map(({ name }) => name)
    .filter((name) => /^state\.db\.corrupt-\d+$/.test(name));

Deno.test("the daemon sets a damaged state.db aside, warns, and rebuilds it from the seed directory", async () => {
  await using place = await newPlace();
  const home = await place.home();
  await home.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
  const path = join(home.path, "state.db");
  const damaged = new Uint8Array(8_192).fill(0x58);
  await Deno.writeFile(path, damaged);
  await using daemon = await home.daemon();
  await daemon.process.waitForLine(
    / warn +state\.db was damaged .*aside\/state\.db\.corrupt-\d+/,
    "stderr",
  );
  const [aside] = setAside(home);
  assert.deepEqual(await Deno.readFile(join(home.path, "aside", aside!)), damaged);
  await eventually(async () => (await statusOf(home)).packages === 1);
  // The daemon restores the record from the DHT. Restoring needs no private key, because the record
  // is signed already.
  await eventually(async () => (await home.run(["announce", "pkg@1.0.0"])).code === 0);
  await daemon.end();
});

Deno.test("a one-shot command sets a damaged state.db aside and does its work", async () => {
  await using place = await newPlace();
  const home = await place.home();
  await Deno.writeTextFile(
    join(home.path, "state.db"),
    "SQLite format 3\0 and then nothing of the kind",
  );
  const { code, stderr } = await home.run(["publish", await place.source("pkg", "1.0.0")]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /warning: state\.db was damaged/);
  assert.equal(setAside(home).length, 1);
  assert.match(await home.must(["announce"]), /^pkg@1\.0\.0\tstored on 8 nodes/m);
});

Deno.test("a command that reads a damaged state.db warns that pins are lost", async () => {
  await using place = await newPlace({ nodes: 1 });
  const home = await place.home();
  await home.must(["trust", "add", "pkg", home.publicKey]);
  await Deno.writeTextFile(join(home.path, "state.db"), "nothing of the kind".repeat(500));
  const { code, stdout, stderr } = await home.run(["trust", "list"]);
  assert.deepEqual([code, stdout], [0, ""]);
  assert.match(
    stderr,
    /warning: state\.db was damaged .* new one was created\. Pinned, trusted and followed publishers are lost/,
  );
  assert.equal(setAside(home).length, 1);
});

Deno.test("a state.db of a newer libreseed is refused and left unchanged", async () => {
  await using place = await newPlace({ nodes: 1 });
  const home = await place.home(null);
  const { DatabaseSync } = await import("node:sqlite");
  const path = join(home.path, "state.db");
  const database = new DatabaseSync(path);
  database.exec("PRAGMA user_version = 9999");
  database.close();
  const before = await Deno.readFile(path);
  for (const args of [["seed"], ["announce"]]) {
    const { code, stdout, stderr } = await home.run(args);
    assert.deepEqual([code, stdout], [1, ""]);
    assert(stderr.includes(path) && stderr.includes("9999"), stderr);
  }
  assert.deepEqual(await Deno.readFile(path), before);
});

Deno.test("a daemon killed by SIGKILL seeds its archives again without hashing, and knows its nodes", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const args = ["--port", `${await freePort()}`];
  {
    await using daemon = await home.daemon(args);
    await home.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
    // A daemon that stops saves the routing table. The later kill does not delete the saved table.
    await daemon.end();
    await using again = await home.daemon(args);
    await eventually(async () => (await statusOf(home)).packages === 1);
    again.process.kill("SIGKILL");
    await again.process.result;
  }
  // The archive is altered, but its size and times are restored. A daemon that hashed the archive
  // again would refuse it.
  const archive = join(home.seed, "pkg-1.0.0.tgz");
  const bytes = await Deno.readFile(archive);
  bytes[bytes.length >> 1]! ^= 1;
  const reference = join(place.path, "time");
  await touch(reference, archive);
  await Deno.writeFile(archive, bytes);
  await touch(archive, reference);
  // Without bootstrap nodes, the daemon can join the DHT only through its saved routing table.
  await using daemon = await home.daemon(args, { env: { LIBRESEED_BOOTSTRAP: "none" } });
  assert(!/ warn |damaged/.test(daemon.process.stderr), daemon.process.stderr);
  await eventually(async () => (await statusOf(home)).packages === 1);
  await eventually(async () => (await statusOf(home)).dhtNodes > 0);
  assert.match(await home.must(["announce", "pkg@1.0.0"]), /^pkg@1\.0\.0\tstored on 8 nodes/m);
  await daemon.end();
});

Deno.test("records that fell due while no daemon ran are announced first", async () => {
  await using place = await newPlace();
  const home = await place.home();
  await home.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
  for (const node of home.holders("pkg", "1.0.0")) node.forget(home.target("pkg", "1.0.0"));
  {
    using state = StateDatabase.open(join(home.path, "state.db"), systemClock);
    for (const { target } of state.records.list()) {
      const outcome = state.outcomes.get(target);
      if (!outcome) continue;
      assert(outcome.nextDueMs > Date.now());
      state.outcomes.set({ ...outcome, nextDueMs: Date.now() - 3 * 3_600_000 });
    }
  }
  await using daemon = await home.daemon();
  await eventually(() => home.holders("pkg", "1.0.0").length === 8);
  await daemon.end();
});

Deno.test("an unknown bootstrap name is a warning, and the daemon starts", async () => {
  await using place = await newPlace();
  const home = await place.home(null);
  const bootstrap = `nowhere.invalid:6881,${place.testnet.bootstrap}`;
  await using daemon = await home.daemon([], { env: { LIBRESEED_BOOTSTRAP: bootstrap } });
  await daemon.process.waitForLine(/ warn +no address found .*nowhere\.invalid:6881/, "stderr");
  await eventually(async () => (await statusOf(home)).dhtNodes > 0);
  await daemon.end();
});
