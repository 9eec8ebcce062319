import assert from "node:assert/strict";
import { gunzipSync, gzipSync } from "node:zlib";
import {
  encodeMemberList,
  hasMemberList,
  type ListedMember,
  readMemberList,
} from "../../../../src/package/archive/mod.ts";

/** Makes members of the given number, whose lengths and places differ. */
function membersOf(count: number): ListedMember[] {
  return Array.from({ length: count }, (_, i) => ({
    hash: new Uint8Array(16).fill(i),
    lengthBytes: 20 + i,
    files: i % 4096,
    firstFileAt: i % 4096 === 0 ? 0 : (i * 512) % (1 << 20),
  }));
}

function totalOf(members: ListedMember[]): number {
  return members.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
}

for (const count of [0, 1, 511, 512, 513, 2000, 65_536]) {
  Deno.test(`a list of ${count} members is read as it was written`, () => {
    const members = membersOf(count);
    const bytes = encodeMemberList(members);
    assert(hasMemberList(bytes));
    const read = readMemberList(bytes, bytes.length + totalOf(members));
    assert.deepEqual(read, { list: { lengthBytes: bytes.length, members } });
  });
}

Deno.test("a list is nothing to a program that unpacks gzip files", () => {
  const bytes = encodeMemberList(membersOf(700));
  const member = gzipSync("content");
  assert.deepEqual(gunzipSync(new Uint8Array([...bytes, ...member])).toString(), "content");
});

Deno.test("a reader is told how much of a list it needs", () => {
  // Long lists need no more rounds than short ones, and none is asked for more than there is.
  for (const count of [1, 512, 513, 1_200, 65_536]) {
    const members = membersOf(count);
    const bytes = encodeMemberList(members);
    const lengthBytes = bytes.length + totalOf(members);
    let have = 0;
    let rounds = 0;
    for (; rounds < 10; rounds++) {
      const read = readMemberList(bytes.subarray(0, have), lengthBytes);
      assert(read !== undefined);
      if ("list" in read) break;
      assert(read.neededBytes > have && read.neededBytes <= bytes.length, `${read.neededBytes}`);
      have = read.neededBytes;
    }
    assert(rounds <= 3, `${rounds} rounds for ${count} members`);
  }
});

Deno.test("members beyond the first 65,536 are not listed", () => {
  const members = membersOf(65_540);
  const bytes = encodeMemberList(members);
  const read = readMemberList(bytes, bytes.length + totalOf(members));
  assert(read && "list" in read);
  assert.deepEqual(read.list.members.length, 65_536);
});

Deno.test("bytes that do not have a list's form are none", () => {
  const members = membersOf(600);
  const bytes = encodeMemberList(members);
  const lengthBytes = bytes.length + totalOf(members);
  assert.deepEqual(readMemberList(gzipSync("content"), 100), undefined);
  // Other lengths of the archive than the members add up to.
  assert.deepEqual(readMemberList(bytes, lengthBytes - 1), undefined);
  assert.deepEqual(readMemberList(bytes, lengthBytes + 1), undefined);
  // Every byte of the framing matters. The entries begin at 18, and the second part after 512 of them.
  const second = 18 + 512 * 24 + 10;
  for (const start of [0, second]) {
    for (let at = start; at < start + 18; at++) {
      const changed = bytes.slice();
      changed[at]! ^= 1;
      const read = readMemberList(changed, lengthBytes);
      assert(read === undefined || "neededBytes" in read, `byte ${at}`);
    }
  }
  for (let at = second - 10; at < second; at++) {
    const changed = bytes.slice();
    changed[at]! ^= 1;
    assert.deepEqual(readMemberList(changed, lengthBytes), undefined, `byte ${at}`);
  }
});
