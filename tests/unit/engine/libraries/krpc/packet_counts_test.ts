import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { utf8 } from "../../../../../src/base/mod.ts";
import {
  PacketCounts,
  queryKindAt,
  queryKindOf,
} from "../../../../../src/engine/libraries/krpc/packet_counts.ts";

const kinds = ["ping", "find_node", "get_peers", "announce_peer", "get", "put"] as const;

Deno.test("a query is told by its whole name, as text or as bytes", () => {
  for (const kind of kinds) {
    assert.equal(queryKindOf(kind), kind);
    assert.equal(queryKindOf(utf8(kind)), kind);
    assert.equal(queryKindOf(Buffer.from(kind)), kind);
    const packet = utf8(`1:q${kind.length}:${kind}1:t`);
    const start = 3 + `${kind.length}:`.length;
    assert.equal(queryKindAt(packet, start, start + kind.length), kind);
  }
});

Deno.test("names that no query has are of the kind `other`", () => {
  for (
    const name of ["", "pin", "pings", "PING", "gets", "error", "other", "vote", 7, undefined, {}]
  ) {
    assert.equal(queryKindOf(name), "other");
    if (typeof name === "string") assert.equal(queryKindOf(utf8(name)), "other");
  }
  // The name ends with the packet, which is shorter than it says.
  assert.equal(queryKindAt(utf8("pi"), 0, 4), "other");
});

Deno.test("packets are counted by kind and direction, and rows are copies", () => {
  const counts = new PacketCounts();
  counts.count("ping", "queriesIn");
  counts.count("ping", "queriesIn");
  counts.count("ping", "repliesOut");
  counts.count("error", "repliesIn");
  const rows = counts.rows();
  assert.deepEqual(rows.map(({ kind }) => kind), [...kinds, "other", "error"]);
  const none = { queriesIn: 0, repliesOut: 0, queriesOut: 0, repliesIn: 0 };
  assert.deepEqual(rows[0], { kind: "ping", ...none, queriesIn: 2, repliesOut: 1 });
  assert.deepEqual(rows.at(-1), { kind: "error", ...none, repliesIn: 1 });
  assert.deepEqual(rows[1], { kind: "find_node", ...none });
  rows[0]!.queriesIn = 9;
  assert.equal(counts.rows()[0]!.queriesIn, 2);
});
