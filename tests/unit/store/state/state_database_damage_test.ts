/** Tests a state database that is damaged, incomplete, or of another version. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../../../src/base/mod.ts";
import { STATE_SCHEMA_VERSION, StateDatabase } from "../../../../src/store/mod.ts";
import { migrations } from "../../../../src/store/state/state_schema.ts";
import { namesIn } from "../support.ts";
import { clock, fill, record, refusal, setUp } from "./state_place.ts";

for (
  const { what, bytes } of [
    { what: "text", bytes: () => new TextEncoder().encode("this is no database. ".repeat(500)) },
    { what: "zeros", bytes: () => new Uint8Array(8192) },
  ]
) {
  Deno.test(`a file of ${what} is kept under another name and replaced, and the replacement is reported`, async () => {
    await using _ = await setUp();
    await Deno.writeFile(_.path, bytes());
    using state = StateDatabase.open(_.path, clock);
    const movedTo = join(_.dir, "aside", "state.db.corrupt-1763800000000");
    assert.equal(state.replaced?.movedTo, movedTo);
    assert.ok(state.replaced.reason.length > 0);
    assert.deepEqual(await Deno.readFile(movedTo), bytes());
    state.records.put(record(1));
    assert.equal(state.records.count(), 1);
  });
}

Deno.test("a state that is damaged in the middle or truncated is moved together with its log", async () => {
  for (const damage of ["overwritten", "cut"]) {
    await using _ = await setUp();
    await fill(_.path, 500);
    const { size } = await Deno.stat(_.path);
    if (damage === "cut") {
      await Deno.truncate(_.path, Math.floor(size / 2 / 4096) * 4096);
    } else {
      using file = await Deno.open(_.path, { write: true });
      await file.seek(8192, Deno.SeekMode.Start);
      await file.write(crypto.getRandomValues(new Uint8Array(40_000)));
    }
    await Deno.writeTextFile(`${_.path}-wal`, "log");
    using state = StateDatabase.open(_.path, clock);
    assert.ok(state.replaced, damage);
    assert.equal(state.records.count(), 0);
    const aside = await namesIn(join(_.dir, "aside"));
    assert.ok(aside.includes("state.db.corrupt-1763800000000"), aside.join());
  }
});

Deno.test("damage inside a long state is found by the daily check, or after the first error", async () => {
  const dayMs = 24 * 3_600_000;
  for (const seen of ["a day later", "an error"]) {
    await using _ = await setUp();
    let nowMs = clock.now();
    const passing: Clock = { ...clock, now: () => nowMs };
    await fill(_.path, 1_000);
    // The state file is now long enough for a full check, which runs once when the file is opened.
    StateDatabase.open(_.path, passing).close();
    assert.equal((await Deno.stat(`${_.path}-checked`)).mtime!.getTime(), nowMs);
    const { size } = await Deno.stat(_.path);
    {
      using file = await Deno.open(_.path, { write: true });
      await file.seek(Math.floor(size / 2), Deno.SeekMode.Start);
      await file.write(crypto.getRandomValues(new Uint8Array(40_000)));
    }
    nowMs += dayMs;
    {
      using state = StateDatabase.open(_.path, passing);
      assert.equal(state.replaced, undefined);
      if (seen === "an error") refusal(() => state.records.list(), "STATE_DAMAGED");
    }
    if (seen === "a day later") nowMs += 1;
    using state = StateDatabase.open(_.path, passing);
    assert.ok(state.replaced, seen);
    assert.deepEqual(state.records.list(), []);
  }
});

Deno.test("a state without one of the tables counts as damaged", async () => {
  await using _ = await setUp();
  StateDatabase.open(_.path, clock).close();
  {
    using raw = new DatabaseSync(_.path);
    raw.exec("DROP TABLE outcomes");
  }
  using state = StateDatabase.open(_.path, clock);
  assert.match(state.replaced!.reason, /outcomes/);
  assert.deepEqual(state.outcomes.list(), []);
});

Deno.test("a state of any older version is migrated with its data", async () => {
  for (let version = 1; version < STATE_SCHEMA_VERSION; version++) {
    await using _ = await setUp();
    {
      using raw = new DatabaseSync(_.path);
      for (const migration of migrations.slice(0, version)) raw.exec(migration);
      raw.exec(`PRAGMA user_version = ${version}`);
      raw.prepare("INSERT INTO pins (name, public_key, first_seen_ms) VALUES ('a', ?, 7)")
        .run(new Uint8Array(32).fill(1));
    }
    using state = StateDatabase.open(_.path, clock);
    assert.equal(state.replaced, undefined);
    const publicKey = new Uint8Array(32).fill(1);
    assert.deepEqual(state.pins.list(), [{ name: "a", publicKey, firstSeenMs: 7 }]);
    assert.deepEqual(state.follows.list(), []);
  }
});

Deno.test("the migration to serialised items keeps every byte of the records", async () => {
  const version = migrations.findIndex((sql) => sql.includes("records_with_items"));
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  const items = [
    { salt: new Uint8Array(), seq: 0, value: all },
    { salt: new Uint8Array([0, 255, 0]), seq: 1_780_000_000_000, value: new Uint8Array([0]) },
    { salt: all.slice(192), seq: Number.MAX_SAFE_INTEGER, value: new Uint8Array(1000).fill(200) },
  ].map((item) => ({ ...item, publicKey: all.slice(0, 32), signature: all.slice(100, 164) }));
  await using _ = await setUp();
  {
    using raw = new DatabaseSync(_.path);
    for (const migration of migrations.slice(0, version)) raw.exec(migration);
    raw.exec(`PRAGMA user_version = ${version}`);
    for (const [i, { publicKey, salt, seq, value, signature }] of items.entries()) {
      raw.prepare("INSERT INTO records VALUES (?, 'manifest', ?, '1.0.0', ?, ?, ?, ?, ?, 1, 7)")
        .run(new Uint8Array(20).fill(i), `p${i}`, publicKey, salt, seq, value, signature);
    }
  }
  using state = StateDatabase.open(_.path, clock);
  assert.equal(state.replaced, undefined);
  assert.deepEqual(
    state.records.list(),
    items.map((item, i) => ({
      ...{ target: new Uint8Array(20).fill(i), kind: "manifest", name: `p${i}` },
      ...{ version: "1.0.0", item, own: true, createdMs: 7 },
    })),
  );
});

Deno.test("a state of a newer version is refused and not changed", async () => {
  await using _ = await setUp();
  await fill(_.path, 1);
  {
    using raw = new DatabaseSync(_.path);
    raw.exec(`PRAGMA user_version = ${STATE_SCHEMA_VERSION + 1}`);
  }
  const error = refusal(() => StateDatabase.open(_.path, clock), "STATE_NEWER");
  assert.ok(error.message.includes(_.path));
  assert.match(error.message, new RegExp(`version ${STATE_SCHEMA_VERSION + 1}\\b`));
  using raw = new DatabaseSync(_.path);
  assert.deepEqual({ ...raw.prepare("SELECT count(*) AS n FROM records").get() }, { n: 1 });
  assert.deepEqual((await namesIn(_.dir)).filter((name) => name.includes("corrupt")), []);
});
