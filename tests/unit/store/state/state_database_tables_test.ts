/** Tests the tables of records, outcomes, DHT nodes and verified files. */

import assert from "node:assert/strict";
import { decodeItem, type MutableItem } from "../../../../src/records/mod.ts";
import {
  type StoredNode,
  type StoredOutcome,
  type StoredRecord,
  StoreError,
} from "../../../../src/store/mod.ts";
import { bytes, withState } from "./state_values.ts";

/** Fields of a stored record, and of its item, that a test overrides. */
type Change = Partial<Omit<StoredRecord, "item"> & MutableItem>;

function record(fill: number, change: Change = {}): StoredRecord {
  const item = {
    publicKey: bytes(32, fill),
    salt: bytes(32, fill),
    seq: 5,
    value: bytes(10, fill),
    signature: bytes(64, fill),
  };
  const { publicKey, salt, seq, value, signature, ...rest } = { ...item, ...change };
  return {
    target: bytes(20, fill),
    kind: "manifest",
    item: { publicKey, salt, seq, value, signature },
    own: false,
    createdMs: 1,
    ...rest,
  };
}

function outcome(fill: number, change: Partial<StoredOutcome> = {}): StoredOutcome {
  return {
    target: bytes(20, fill),
    holding: 8,
    asked: 20,
    responded: 19,
    stored: 3,
    failures: 0,
    nextDueMs: 100,
    ...change,
  };
}

Deno.test("get returns a record as it was put, with or without a package name", async () => {
  await withState(({ records }) => {
    const plain = record(1, { salt: bytes(0, 0), kind: "other" });
    const full = record(2, { name: "@scope/a", version: "1.0.0", own: true });
    assert.equal(records.put(plain), "stored");
    assert.equal(records.put(full), "stored");
    assert.deepEqual(records.get(plain.target), plain);
    assert.deepEqual(records.get(full.target), full);
    assert.equal(records.get(bytes(20, 9)), undefined);
  });
});

Deno.test("records keep the largest allowed numbers and values", async () => {
  await withState(({ records }) => {
    const large = record(1, {
      seq: Number.MAX_SAFE_INTEGER,
      createdMs: Number.MAX_SAFE_INTEGER,
      value: bytes(1000, 255),
      salt: bytes(64, 255),
    });
    records.put(large);
    assert.deepEqual(records.get(large.target), large);
    const zero = record(2, { seq: 0, createdMs: 0 });
    records.put(zero);
    assert.deepEqual(records.get(zero.target), zero);
  });
});

Deno.test("put never replaces a record by one with a lower seq", async () => {
  await withState(({ records }) => {
    const five = record(1, { seq: 5 });
    records.put(five);
    assert.equal(records.put(record(1, { seq: 4, value: bytes(3, 3) })), "older");
    assert.deepEqual(records.get(five.target), five);
    const six = record(1, { seq: 6, value: bytes(3, 3), createdMs: 2, own: true });
    assert.equal(records.put(six), "stored");
    assert.deepEqual(records.get(five.target), six);
    assert.equal(records.count(), 1);
  });
});

Deno.test("a record with the same seq and another value is a conflict, and the first stays", async () => {
  await withState(({ records }) => {
    const first = record(1);
    records.put(first);
    assert.equal(records.put(record(1, { value: bytes(3, 3) })), "conflict");
    assert.equal(records.put(record(1, { signature: bytes(64, 3) })), "conflict");
    assert.deepEqual(records.get(first.target), first);
  });
});

Deno.test("putting the same record again changes nothing but may set own", async () => {
  await withState(({ records }) => {
    const found = record(1, { own: false });
    records.put(found);
    assert.equal(records.put({ ...found, createdMs: 99 }), "same");
    assert.deepEqual(records.get(found.target), found);
    assert.equal(records.put({ ...found, own: true }), "same");
    assert.equal(records.get(found.target)?.own, true);
    assert.equal(records.put(found), "same");
    assert.equal(records.get(found.target)?.own, true);
  });
});

Deno.test("list returns the records that match the filter, in order", async () => {
  await withState(({ records }) => {
    const all = [
      record(4, { kind: "manifest", name: "b", version: "1.0.0" }),
      record(3, { kind: "manifest", name: "a", version: "2.0.0", own: true }),
      record(2, { kind: "manifest", name: "a", version: "1.0.0" }),
      record(1, { kind: "announce", own: true }),
    ];
    for (const one of all) records.put(one);
    const fills = (filter?: Parameters<typeof records.list>[0]) =>
      records.list(filter).map(({ target }) => target[0]);
    assert.deepEqual(fills(), [1, 2, 3, 4]);
    assert.deepEqual(fills({ kind: "manifest" }), [2, 3, 4]);
    assert.deepEqual(fills({ name: "a" }), [2, 3]);
    assert.deepEqual(fills({ name: "a", version: "2.0.0" }), [3]);
    assert.deepEqual(fills({ own: true }), [1, 3]);
    assert.deepEqual(fills({ own: false, kind: "announce" }), []);
    assert.deepEqual(fills({ name: "' OR 1=1 --" }), []);
  });
});

Deno.test("entriesAfter finds entries by the seq in their items", async () => {
  await withState(({ records }) => {
    const seqs = [0, 255, 256, 2 ** 40, Number.MAX_SAFE_INTEGER];
    for (const [i, seq] of seqs.entries()) {
      records.put(record(i + 1, { seq, kind: "name-entry", name: `${i}` }));
    }
    for (const after of seqs) {
      const found = records.entriesAfter(after).map(({ item }) => item.seq);
      assert.deepEqual(found, seqs.filter((seq) => seq > after));
    }
  });
});

Deno.test("schedule yields each record as its serialised item", async () => {
  await withState(({ records, outcomes }) => {
    const [due, never] = [record(1), record(2, { salt: bytes(0, 0), seq: 9 })];
    for (const one of [due, never, record(3, { kind: "name-entry", name: "a" })]) records.put(one);
    outcomes.set(outcome(1, { nextDueMs: 70, failures: 2 }));
    const scheduled = [...records.schedule(1)].flat().map(({ item, dueMs, failures }) => ({
      ...{ item: decodeItem(item), dueMs, failures },
    }));
    assert.deepEqual(scheduled, [
      { item: due.item, dueMs: 70, failures: 2 },
      { item: never.item, dueMs: 0, failures: 0 },
    ]);
  });
});

Deno.test("a deleted record is gone", async () => {
  await withState(({ records }) => {
    records.put(record(1));
    assert.equal(records.delete(bytes(20, 1)), true);
    assert.equal(records.delete(bytes(20, 1)), false);
    assert.equal(records.count(), 0);
  });
});

Deno.test("a value of the wrong type is refused, naming the file", async () => {
  await withState(({ records }) => {
    for (const seq of [0.5, NaN, "five" as unknown as number, null as unknown as number]) {
      assert.throws(() => records.put(record(1, { seq })), (error) => {
        assert.ok(error instanceof StoreError, String(error));
        assert.equal(error.code, "STATE_FAILED");
        assert.match(error.message, /state\.db/);
        return true;
      });
    }
    assert.equal(records.count(), 0);
  });
});

Deno.test("get returns an outcome as it was set, and set replaces the previous one", async () => {
  await withState(({ outcomes }) => {
    const first = outcome(1);
    outcomes.set(first);
    assert.deepEqual(outcomes.get(first.target), first);
    const second = outcome(1, {
      lastAttemptMs: 50,
      lastSuccessMs: 40,
      error: "no node answered",
      failures: 2,
      nextDueMs: 200,
    });
    outcomes.set(second);
    assert.deepEqual(outcomes.get(first.target), second);
    assert.deepEqual(outcomes.list(), [second]);
    assert.equal(outcomes.delete(first.target), true);
    assert.equal(outcomes.delete(first.target), false);
    assert.equal(outcomes.get(first.target), undefined);
  });
});

Deno.test("due returns the longest overdue outcomes first, up to the limit", async () => {
  await withState(({ outcomes }) => {
    for (const [fill, nextDueMs] of [[1, 300], [2, 100], [3, 200], [4, 100], [5, 301]] as const) {
      outcomes.set(outcome(fill, { nextDueMs }));
    }
    const fills = (nowMs: number, limit: number) =>
      outcomes.due(nowMs, limit).map(({ target }) => target[0]);
    assert.deepEqual(fills(99, 10), []);
    assert.deepEqual(fills(100, 10), [2, 4]);
    assert.deepEqual(fills(300, 10), [2, 4, 3, 1]);
    assert.deepEqual(fills(300, 3), [2, 4, 3]);
    assert.deepEqual(outcomes.list().map(({ target }) => target[0]), [2, 4, 3, 1, 5]);
  });
});

Deno.test("replaceNodes replaces all DHT nodes, and loadNodes returns the last seen first", async () => {
  await withState(({ dhtNodes }) => {
    const node = (port: number, seenMs: number): StoredNode => {
      return { host: "192.0.2.1", port, idHex: "ab".repeat(20), seenMs };
    };
    assert.deepEqual(dhtNodes.loadNodes(), []);
    dhtNodes.replaceNodes([node(1, 10), node(2, 30), node(3, 20)]);
    assert.deepEqual(dhtNodes.loadNodes(), [node(2, 30), node(3, 20), node(1, 10)]);
    dhtNodes.replaceNodes(new Set([node(4, 1), node(4, 2)]));
    assert.deepEqual(dhtNodes.loadNodes(), [node(4, 2)]);
    dhtNodes.replaceNodes([]);
    assert.deepEqual(dhtNodes.loadNodes(), []);
  });
});

Deno.test("replaceNodes keeps the old DHT nodes if one new node is invalid", async () => {
  await withState(({ dhtNodes }) => {
    const good: StoredNode = { host: "192.0.2.1", port: 1, idHex: "", seenMs: 1 };
    dhtNodes.replaceNodes([good]);
    const bad = { ...good, port: 0.5 };
    assert.throws(() => dhtNodes.replaceNodes([{ ...good, port: 2 }, bad]), StoreError);
    assert.deepEqual(dhtNodes.loadNodes(), [good]);
  });
});

Deno.test("a verified file is known as long as size, time and inode are the same", async () => {
  await withState(({ verifiedFiles }) => {
    const identity = { sizeBytes: 10, mtimeMs: 1_763_800_000_000.25, inode: 2 ** 63 };
    const verified = { sha256: bytes(32, 1), infoHash: bytes(20, 2) };
    verifiedFiles.remember("/seed/a.tgz", identity, verified);
    assert.deepEqual(verifiedFiles.find("/seed/a.tgz", identity), verified);
    assert.equal(verifiedFiles.find("/seed/b.tgz", identity), undefined);
    for (const change of [{ sizeBytes: 11 }, { mtimeMs: 1 }, { inode: 1 }]) {
      assert.equal(verifiedFiles.find("/seed/a.tgz", { ...identity, ...change }), undefined);
    }
    verifiedFiles.remember("/seed/a.tgz", { ...identity, inode: 1 }, verified);
    assert.equal(verifiedFiles.find("/seed/a.tgz", identity), undefined);
    assert.equal(verifiedFiles.forget("/seed/a.tgz"), true);
    assert.equal(verifiedFiles.forget("/seed/a.tgz"), false);
  });
});

Deno.test("a verified file is stored with its manifest, and withoutRecords finds missing records", async () => {
  await withState(({ verifiedFiles, records }) => {
    const identity = { sizeBytes: 10, mtimeMs: 1_763_800_000_000.25, inode: 7 };
    const verified = { sha256: bytes(32, 1), infoHash: bytes(20, 2) };
    const manifest = {
      text: "{}\n",
      mark: "2 3 4",
      name: "a",
      version: "1.0.0",
      publicKey: bytes(32, 3),
    };
    verifiedFiles.remember("/seed/bare.tgz", identity, verified);
    assert.equal(verifiedFiles.seed("/seed/bare.tgz"), undefined);
    assert.equal(verifiedFiles.manifest("/seed/bare.tgz"), undefined);
    verifiedFiles.remember("/seed/a.tgz", identity, verified, manifest);
    verifiedFiles.remember("/seed/b.tgz", identity, verified, { ...manifest, name: "b" });
    const seed = { ...identity, infoHashHex: "02".repeat(20), manifestMark: manifest.mark };
    assert.deepEqual(verifiedFiles.seed("/seed/a.tgz"), seed);
    verifiedFiles.remember("/seed/under/c.tgz", identity, verified, { ...manifest, name: "c" });
    verifiedFiles.remember("/seed-of-another/d.tgz", identity, verified, manifest);
    const known = [{ fileName: "a.tgz", ...seed }, { fileName: "b.tgz", ...seed }];
    for (const directory of ["/seed", "/seed/"]) {
      assert.deepEqual([...verifiedFiles.seedsIn(directory, 1)].flat(), known);
      assert.deepEqual([...verifiedFiles.seedsIn(directory, 100)].flat(), known);
    }
    for (const path of ["/seed/under/c.tgz", "/seed-of-another/d.tgz"]) verifiedFiles.forget(path);
    assert.equal(verifiedFiles.manifest("/seed/a.tgz"), manifest.text);
    const unkept = () => [...new Set([...verifiedFiles.withoutRecords()].flat())].sort();
    assert.deepEqual(unkept(), ["/seed/a.tgz", "/seed/b.tgz"]);
    const keep = (kind: string, name?: string, publicKey = manifest.publicKey) =>
      records.put({
        ...{ target: crypto.getRandomValues(new Uint8Array(20)), kind, name },
        ...{ version: kind === "manifest" ? "1.0.0" : undefined, own: true, createdMs: 1 },
        item: record(1, { publicKey }).item,
      });
    for (const name of ["a", "b"]) keep("manifest", name);
    keep("name-entry", "a");
    // A name entry of another publisher, which does not count as a record of the first publisher's
    // package b.
    keep("name-entry", "b", bytes(32, 4));
    assert.deepEqual(unkept(), ["/seed/a.tgz", "/seed/b.tgz"]);
    keep("announce");
    assert.deepEqual(unkept(), ["/seed/b.tgz"]);
    keep("name-entry", "b");
    assert.deepEqual(unkept(), []);
  });
});
