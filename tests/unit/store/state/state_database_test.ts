/** Tests the state database as a file: transactions, processes, kills and full disks. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { STATE_SCHEMA_VERSION, StateDatabase, StoreError } from "../../../../src/store/mod.ts";
import { canMount, smallDisk } from "../../../support/mod.ts";
import { namesIn } from "../support.ts";
import { clock, fill, record, refusal, setUp } from "./state_place.ts";

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
    args: ["eval", code],
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
    args: ["eval", code],
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
      args: ["eval", code],
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
