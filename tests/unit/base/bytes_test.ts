import assert from "node:assert/strict";
import { fromHex, sharedBits } from "../../../src/base/mod.ts";

Deno.test("shared bits are counted up to the first difference", () => {
  const shared = (a: string, b: string) => sharedBits(fromHex(a)!, fromHex(b)!);
  assert.equal(shared("00", "80"), 0);
  assert.equal(shared("00", "01"), 7);
  assert.equal(shared("ff00", "ff80"), 8);
  assert.equal(shared("ff01ff", "ff01fe"), 23);
  assert.equal(shared("ff01", "ff01"), 16);
  assert.equal(shared("", ""), 0);
});
