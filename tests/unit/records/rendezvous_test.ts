import assert from "node:assert/strict";
import { toHex, utf8 } from "../../../src/base/mod.ts";
import {
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
  MAX_RENDEZVOUS_BYTES,
  MAX_RENDEZVOUS_ENTRIES,
  nameRendezvous,
  publisherRendezvous,
  RecordError,
  rendezvousOf,
  signItem,
  signNameIndexEntry,
} from "../../../src/records/mod.ts";
import { keyPairFromSeed } from "../../../src/identity/mod.ts";
import { bencode } from "../../../src/bencode/mod.ts";

const pair = keyPairFromSeed(new Uint8Array(32).fill(7));

Deno.test("rendezvous: the infohashes are SHA-1 of a prefix and the name or the key", () => {
  // sha1sum of the bytes in a shell.
  assert.deepEqual(toHex(nameRendezvous("left-pad")), "3b9cc04a55a6017327141aca0043ffb9c3e42c7d");
  assert.deepEqual(
    toHex(publisherRendezvous(new Uint8Array(32))),
    "434d78fdc065a21c75ba2e5399a0813e8c43b394",
  );
});

Deno.test("rendezvous: questions survive encoding, and an answer is no question", () => {
  for (
    const question of [
      { kind: "name", name: "@scope/tool" },
      { kind: "publisher", publicKey: pair.publicKey },
      { kind: "manifest", publicKey: pair.publicKey, name: "@scope/tool", version: "1.2.3" },
    ] as const
  ) {
    assert.deepEqual(decodeQuestion(encodeQuestion(3, question)), { number: 3, question });
  }
  assert.deepEqual(decodeQuestion(encodeAnswer(1, { entries: [], items: [] })), undefined);
});

Deno.test("rendezvous: a version is asked for where its publisher's seeders meet", () => {
  const { publicKey } = pair;
  assert.deepEqual(
    rendezvousOf({ kind: "manifest", publicKey, name: "tool", version: "1.2.3" }),
    publisherRendezvous(publicKey),
  );
  assert.deepEqual(rendezvousOf({ kind: "publisher", publicKey }), publisherRendezvous(publicKey));
  assert.deepEqual(rendezvousOf({ kind: "name", name: "tool" }), nameRendezvous("tool"));
});

Deno.test("rendezvous: an answer carries entries, items and the seeder's words", async () => {
  const entry = await signNameIndexEntry(pair, "tool", {
    version: "1.2.3",
    firstSeenMs: 1_780_000_000_000,
    timestampMs: 1_780_000_000_001,
  });
  const item = await signItem(pair, {
    salt: new Uint8Array(32),
    seq: 5,
    value: bencode({ t: 1 }),
  });
  const seeder = { version: "0.3.0", archives: 3, bytes: 1_000, uptimeSeconds: 60 };
  const answer = { entries: [entry], items: [item], seeder };
  assert.deepEqual(decodeAnswer(encodeAnswer(2, answer)), { number: 2, answer });
});

Deno.test("rendezvous: malformed entries and items are left out, others stay", () => {
  const message = bencode({ e: [1, { k: utf8("short") }], i: [utf8("no item")], t: 0 });
  assert.deepEqual(decodeAnswer(message), { number: 0, answer: { entries: [], items: [] } });
});

Deno.test("rendezvous: what is no message is refused by name", () => {
  for (
    const [message, code] of [
      [utf8("x"), "BAD_BENCODE"],
      [new Uint8Array(MAX_RENDEZVOUS_BYTES + 1), "BAD_BENCODE"],
      [bencode({ q: "other", t: 0 }), "BAD_RECORD"],
      [bencode({ q: "name", t: 0 }), "BAD_RECORD"],
      [bencode({ q: "publisher", k: new Uint8Array(31), t: 0 }), "BAD_RECORD"],
      [bencode({ q: "manifest", k: new Uint8Array(32), n: "tool", t: 0 }), "BAD_RECORD"],
      [bencode({ q: "manifest", n: "tool", t: 0, v: "1.0.0" }), "BAD_RECORD"],
    ] as const
  ) {
    assert.throws(
      () => decodeQuestion(message),
      (error) => error instanceof RecordError && error.code === code,
    );
  }
  const tooMany = Array.from({ length: MAX_RENDEZVOUS_ENTRIES + 1 }, () => 1);
  assert.throws(() => decodeAnswer(bencode({ e: tooMany, t: 0 })), RecordError);
  assert.throws(() => decodeAnswer(bencode([])), RecordError);
});
