import assert from "node:assert/strict";
import { UtpResets } from "../../../../src/engine/dht/utp_resets.ts";

/** An ST_SYN of uTP. */
const SYN = Uint8Array.of(0x41, 0, 0x12, 0x34, ...new Uint8Array(12), 0x56, 0x78, 0, 0);

Deno.test("the resets to one address, and to all, are limited", () => {
  let nowMs = 0;
  const resets = new UtpResets(() => nowMs);
  const sends = (address: string, port: number) =>
    typeof resets.answer(SYN, address, port) !== "string";
  const toOnePort = Array.from({ length: 100 }, () => sends("192.0.2.1", 7_000));
  assert.equal(toOnePort.filter(Boolean).length, 4);
  const toOneAddress = Array.from({ length: 100 }, (_, i) => sends("192.0.2.1", 8_000 + i));
  assert.equal(toOneAddress.filter(Boolean).length, 12);
  const toAll = Array.from(
    { length: 1_000 },
    (_, i) => sends(`198.51.${i >> 8}.${i & 255}`, 9_000),
  );
  assert.equal(toAll.filter(Boolean).length, 200 - 16);
  assert.equal(resets.answer(SYN, "192.0.2.1", 7_000), "limited");
  nowMs += 60_000;
  assert.ok(sends("192.0.2.1", 7_000));
});
