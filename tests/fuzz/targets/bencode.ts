/** Fuzz target of `src/bencode`: compares the strict codec with the scanner on every input. */

import assert from "node:assert/strict";
import {
  bdecode,
  bencode,
  BencodeError,
  BencodeScanner,
  type BValue,
  MALFORMED,
} from "../../../src/bencode/mod.ts";
import { fromHexText, vectors } from "../seeds.ts";
import { readOrRefuse, stateless, type Target } from "../target.ts";

const bencodeTarget: Target = {
  name: "bencode",
  seeds: async () => {
    const { records } = await vectors<{ records: { item: { valueHex: string } }[] }>("records");
    return records.map(({ item }) => fromHexText(item.valueHex));
  },
  open: stateless((bytes) => {
    const scanner = new BencodeScanner(bytes);
    const end = scanner.valueEnd(0, 0);
    assert.ok(end === MALFORMED || end > 0 && end <= bytes.length, "an end outside the input");
    for (const member of scanner.dictionary(0)?.values() ?? []) {
      assert.ok(
        member.start < member.end && member.end < bytes.length,
        "a member outside the input",
      );
      assert.equal(scanner.valueEnd(member.start, 1), member.end);
    }
    const decoded = readOrRefuse(BencodeError, () => bdecode(bytes));
    if (decoded === undefined) return;
    assert.equal(end, bytes.length, "the scanner takes every strict value");
    assert.deepEqual(bencode(decoded as BValue), bytes, "one value has one encoding");
  }),
};

export const bencodeTargets: readonly Target[] = [bencodeTarget];
