import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../../../src/base/mod.ts";
import {
  STATE_SCHEMA_VERSION,
  StateDatabase,
  type StoredRecord,
  StoreError,
} from "../../../../src/store/mod.ts";
import { migrations } from "../../../../src/store/state/state_schema.ts";
import { canMount, smallDisk, temporaryHome } from "../../../support/mod.ts";
import { namesIn } from "../support.ts";

const clock: Clock = {
  now: () => 1_763_800_000_000,
  after: () => assert.fail("the state sets no timers"),
};

async function setUp() {
  const home = await temporaryHome();
  return {
    dir: home.path,
    path: join(home.path, "state.db"),
    [Symbol.asyncDispose]: () => home.remove(),
  };
}

function record(fill: number, change: Partial<StoredRecord> = {}): StoredRecord {
  return {
    target: new Uint8Array(20).fill(fill),
    kind: "manifest",
    item: {
      publicKey: new Uint8Array(32).fill(fill),
      salt: new Uint8Array(32).fill(fill),
      seq: 1,
      value: new Uint8Array(1000).fill(fill),
      signature: new Uint8Array(64).fill(fill),
    },
    own: true,
    createdMs: 1,
    ...change,
  };
}

function refusal(run: () => unknown, code: string): StoreError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.code, code, error.message);
    return error;
  }
  throw new assert.AssertionError({ message: `not refused with ${code}` });
}

Deno.test("a new state is empty, has the newest version, and is readable by its owner only", async () => {
  await using _ = await setUp();
  using state = StateDatabase.open(_.path, clock);
  assert.equal(state.replaced, undefined);
  assert.equal(state.records.count(), 0);
  for (const name of await namesIn(_.dir)) {
    assert.equal((await Deno.stat(join(_.dir, name))).mode! & 0o777, 0o600, name);
  }
  using raw = new DatabaseSync(_.path);
  assert.deepEqual({ ...raw.prepare("PRAGMA user_version").get() }, {
    user_version: STATE_SCHEMA_VERSION,
  });
  assert.deepEqual({ ...raw.prepare("PRAGMA journal_mode").get() }, { journal_mode: "wal" });
});

Deno.test("stored data is there after closing and reopening", async () => {
  await using _ = await setUp();
  StateDatabase.open(_.path, clock).close();
  {
    using state = StateDatabase.open(_.path, clock);
    state.records.put(record(1));
  }
  using state = StateDatabase.open(_.path, clock);
  assert.deepEqual(state.records.list(), [record(1)]);
});

Deno.test("closing twice is no error", async () => {
  await using _ = await setUp();
  const state = StateDatabase.open(_.path, clock);
  state.close();
  state.close();
});

Deno.test("two open states of one file see each other's writes", async () => {
  await using _ = await setUp();
  using one = StateDatabase.open(_.path, clock);
  using two = StateDatabase.open(_.path, clock);
  one.records.put(record(1));
  assert.equal(two.records.count(), 1);
  two.records.put(record(2));
  assert.equal(one.records.count(), 2);
});

Deno.test("a transaction is all or nothing, and a nested one is part of the outer", async () => {
  await using _ = await setUp();
  using state = StateDatabase.open(_.path, clock);
  assert.equal(state.transaction(() => 5), 5);
  assert.throws(() =>
    state.transaction(() => {
      state.records.put(record(1));
      state.transaction(() => state.records.put(record(2)));
      throw new Error("changed my mind");
    }), /changed my mind/);
  assert.equal(state.records.count(), 0);
  state.transaction(() => state.records.put(record(1)));
  assert.equal(state.records.count(), 1);
});

Deno.test("a transaction that catches the error of a nested one keeps the changes of both", async () => {
  await using _ = await setUp();
  using state = StateDatabase.open(_.path, clock);
  state.transaction(() => {
    state.records.put(record(1));
    assert.throws(() => state.records.put({ ...record(2), createdMs: 0.5 }), StoreError);
    state.records.put(record(3));
  });
  assert.deepEqual(state.records.list().map(({ target }) => target[0]), [1, 3]);
});

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

/** Makes a state database with many records and closes it. */
async function fill(path: string, count: number): Promise<void> {
  using state = StateDatabase.open(path, clock);
  state.transaction(() => {
    for (let i = 0; i < count; i++) {
      const target = crypto.getRandomValues(new Uint8Array(20));
      state.records.put(record(1, { target, name: `package-${i}`, version: "1.0.0" }));
    }
  });
  await Promise.resolve();
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

Deno.test("errors name a missing directory, and a directory in place of the file", async () => {
  await using _ = await setUp();
  const missing = join(_.dir, "missing", "state.db");
  assert.ok(
    refusal(() => StateDatabase.open(missing, clock), "FILE_MISSING").message.includes(missing),
  );
  await Deno.mkdir(_.path);
  assert.ok(
    refusal(() => StateDatabase.open(_.path, clock), "STATE_FAILED").message.includes(_.path),
  );
});

Deno.test("a write waits for the end of another process's transaction", async () => {
  await using _ = await setUp();
  using state = StateDatabase.open(_.path, clock);
  const code = `
    import { DatabaseSync } from "node:sqlite";
    const database = new DatabaseSync(${JSON.stringify(_.path)});
    database.exec("BEGIN IMMEDIATE");
    console.log("locked");
    await new Promise((resolve) => setTimeout(resolve, 300));
    database.exec("COMMIT");
  `;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--node-modules-dir=manual", code],
    stdout: "piped",
  })
    .spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  assert.equal(state.records.put(record(1)), "stored");
  await reader.cancel();
  await child.status;
});

Deno.test("changes survive a kill of the process once their method has returned", async () => {
  await using _ = await setUp();
  const code = `
    import { StateDatabase } from ${
    JSON.stringify(import.meta.resolve("../../../../src/store/mod.ts"))
  };
    const clock = { now: () => 0, after() {} };
    const state = StateDatabase.open(${JSON.stringify(_.path)}, clock);
    for (let i = 0; ; i++) {
      const bytes = (length) => new Uint8Array(length).fill(i);
      state.records.put({
        target: new Uint8Array(new Uint32Array([i, 0, 0, 0, 0]).buffer), kind: "manifest",
        item: {
          publicKey: bytes(32), salt: bytes(32), seq: i, value: bytes(900), signature: bytes(64),
        },
        own: true, createdMs: i,
      });
      console.log(i);
    }
  `;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--node-modules-dir=manual", code],
    stdout: "piped",
  })
    .spawn();
  let output = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += chunk;
    if (output.length > 300) child.kill("SIGKILL");
  }
  await child.status;
  const reported = output.split("\n").slice(0, -1).length;
  assert.ok(reported > 50);
  using state = StateDatabase.open(_.path, clock);
  assert.equal(state.replaced, undefined);
  const seqs = state.records.list().map(({ item }) => item.seq).sort((a, b) => a - b);
  assert.ok(seqs.length >= reported, `${seqs.length} of ${reported}`);
  assert.deepEqual(seqs, seqs.map((_, i) => i));
});

Deno.test("several processes can open a new state at once", async () => {
  await using _ = await setUp();
  const code = `
    import { StateDatabase } from ${
    JSON.stringify(import.meta.resolve("../../../../src/store/mod.ts"))
  };
    const clock = { now: () => 0, after() {} };
    const state = StateDatabase.open(${JSON.stringify(_.path)}, clock);
    if (state.replaced) throw new Error("replaced");
    state.dhtNodes.replaceNodes([{ host: "192.0.2.1", port: 1, idHex: "", seenMs: 1 }]);
    state.close();
  `;
  const results = await Promise.all(Array.from({ length: 4 }, async () => {
    const { code: exitCode, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--node-modules-dir=manual", code],
      stderr: "piped",
    }).output();
    return { exitCode, stderr: new TextDecoder().decode(stderr) };
  }));
  for (const { exitCode, stderr } of results) assert.equal(exitCode, 0, stderr);
});

Deno.test(
  "a full disk is reported as one, and the state stays usable",
  { ignore: !canMount },
  async () => {
    await using disk = await smallDisk(512 * 1024);
    const path = join(disk.path, "state.db");
    using state = StateDatabase.open(path, clock);
    let count = 0;
    const error = refusal(() => {
      for (; count < 1000; count++) {
        state.records.put(record(1, { target: new Uint8Array(20).fill(count) }));
        state.records.put(record(1, { target: crypto.getRandomValues(new Uint8Array(20)) }));
      }
    }, "DISK_FULL");
    assert.ok(error.message.includes(path), error.message);
    const before = state.records.count();
    assert.ok(before > 0);
    refusal(() => {
      for (;;) {
        state.transaction(() => {
          for (let i = 0; i < 100; i++) {
            state.records.put(record(1, { target: crypto.getRandomValues(new Uint8Array(20)) }));
          }
        });
      }
    }, "DISK_FULL");
    assert.equal(state.records.count(), before);
  },
);

Deno.test(
  "a full disk is reported when a new state is created",
  { ignore: !canMount },
  async () => {
    await using disk = await smallDisk(8192);
    refusal(() => StateDatabase.open(join(disk.path, "state.db"), clock), "DISK_FULL");
  },
);

Deno.test("a read-only disk is reported as one", { ignore: !canMount }, async () => {
  await using disk = await smallDisk(512 * 1024);
  const path = join(disk.path, "state.db");
  StateDatabase.open(path, clock).close();
  await disk.makeReadOnly();
  for (const at of [path, join(disk.path, "new.db")]) {
    const error = refusal(() => StateDatabase.open(at, clock), "STATE_READ_ONLY");
    assert.ok(error.message.includes(at), error.message);
  }
});

Deno.test("a state holds 10,000 records", async () => {
  await using _ = await setUp();
  await fill(_.path, 10_000);
  using state = StateDatabase.open(_.path, clock);
  assert.equal(state.records.count(), 10_000);
  assert.equal(state.records.list({ name: "package-777" }).length, 1);
});
