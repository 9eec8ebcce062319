import assert from "node:assert/strict";
import { MembersTable, type StateDatabase } from "../../../../src/store/mod.ts";
import { Sqlite } from "../../../../src/store/state/sqlite.ts";
import { bytes, withState } from "./state_values.ts";

const hash = (n: number) => bytes(16, n);
const pathOf = (n: number) => `/seed/${n}.tgz`;

function addArchive(state: StateDatabase, n: number, mtimeMs = 100): void {
  state.verifiedFiles.remember(
    pathOf(n),
    { sizeBytes: 1_000, mtimeMs, inode: n },
    { sha256: bytes(32, n), infoHash: bytes(20, n) },
    { text: "{}", mark: "m", name: `p${n}`, version: "1.0.0", publicKey: bytes(32, 1) },
  );
}

/** Puts the members of an archive into the index; a member's offset is ten times its number. */
function add({ members }: { members: MembersTable }, n: number, numbers: number[]): void {
  const placed = numbers.map((number) => ({ hash: hash(number), offsetBytes: number * 10 }));
  for (const _ of members.add([{ path: pathOf(n), members: placed }]));
}

const unread = (state: StateDatabase) => state.members.unread("/seed", 10).map(({ path }) => path);

Deno.test("a member is found in every archive that has it, in the newest first", () =>
  withState((state) => {
    for (const n of [1, 2]) addArchive(state, n);
    assert.equal(state.members.isEmpty, true);
    add(state, 1, [7, 8]);
    add(state, 2, [8, 9]);
    assert.equal(state.members.isEmpty, false);
    assert.deepEqual(state.members.find(hash(7)), [{ path: pathOf(1), offsetBytes: 70 }]);
    assert.deepEqual(state.members.find(hash(8)), [
      { path: pathOf(2), offsetBytes: 80 },
      { path: pathOf(1), offsetBytes: 80 },
    ]);
    assert.deepEqual(state.members.find(hash(6)), []);
  }));

Deno.test("an archive is read once, and again when its file has changed", () =>
  withState((state) => {
    for (const n of [1, 2, 3]) addArchive(state, n);
    assert.deepEqual(unread(state), [1, 2, 3].map(pathOf));
    add(state, 1, [7]);
    add(state, 2, []);
    assert.deepEqual(unread(state), [pathOf(3)]);
    // The same file, verified again.
    addArchive(state, 1);
    assert.deepEqual(unread(state), [pathOf(3)]);
    assert.equal(state.members.find(hash(7)).length, 1);
    for (const n of [1, 2]) addArchive(state, n, 200);
    assert.deepEqual(unread(state), [1, 2, 3].map(pathOf));
    assert.deepEqual(state.members.find(hash(7)), []);
  }));

Deno.test("archives of another directory are not read", () =>
  withState((state) => {
    addArchive(state, 1);
    assert.deepEqual(state.members.unread("/see", 10), []);
    assert.deepEqual(state.members.unread("/seed/", 10).length, 1);
  }));

Deno.test("the members of an archive leave the index with it", () =>
  withState((state) => {
    for (const n of [1, 2]) addArchive(state, n);
    add(state, 1, [7, 8]);
    add(state, 2, [8]);
    state.verifiedFiles.forget(pathOf(1));
    assert.deepEqual(state.members.find(hash(7)), []);
    assert.deepEqual(state.members.find(hash(8)), [{ path: pathOf(2), offsetBytes: 80 }]);
    state.verifiedFiles.forget(pathOf(2));
    assert.equal(state.members.isEmpty, true);
  }));

Deno.test("an archive whose members were not all stored counts as not read", () =>
  withState((state) => {
    addArchive(state, 1);
    const many = Array.from({ length: 5_000 }, (_, n) => {
      const key = bytes(16, 0);
      new DataView(key.buffer).setUint32(0, n);
      return { hash: key, offsetBytes: n };
    });
    const archive = { path: pathOf(1), members: many };
    state.members.add([archive]).next();
    assert.deepEqual(unread(state), [pathOf(1)]);
    for (const _ of state.members.add([archive]));
    assert.deepEqual(unread(state), []);
    for (const { hash, offsetBytes } of many) {
      assert.deepEqual(state.members.find(hash), [{ path: pathOf(1), offsetBytes }]);
    }
  }));

Deno.test("an archive that is removed while its members are stored leaves none", () =>
  withState((state) => {
    addArchive(state, 1);
    const many = Array.from({ length: 5_000 }, (_, n) => {
      const key = bytes(16, 0);
      new DataView(key.buffer).setUint32(0, n);
      return { hash: key, offsetBytes: n };
    });
    const adding = state.members.add([{ path: pathOf(1), members: many }]);
    adding.next();
    state.verifiedFiles.forget(pathOf(1));
    for (const _ of adding);
    assert.equal(state.members.isEmpty, true);
  }));

Deno.test("a full index forgets the archive that it has had longest", () =>
  withState((state) => {
    const sqlite = new Sqlite(state.path);
    sqlite.useLog();
    try {
      const members = new MembersTable(sqlite, 5);
      for (const n of [1, 2, 3, 4]) addArchive(state, n);
      add({ members }, 1, [1, 2]);
      add({ members }, 2, [3, 4]);
      add({ members }, 3, [5, 6]);
      const places = [1, 2, 3, 4, 5, 6].map((n) => members.find(hash(n)).length);
      assert.deepEqual(places, [0, 0, 1, 1, 1, 1]);
      // An archive that does not fit at all makes no room. None of these is read again.
      add({ members }, 4, [11, 12, 13, 14, 15, 16]);
      assert.equal(members.find(hash(3)).length, 1);
      assert.deepEqual(unread(state), []);
    } finally {
      sqlite.close();
    }
  }));
