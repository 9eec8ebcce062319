/**
 * Tests transfers over simulated paths with loss, reordering and duplicates. `deno task utp` runs a
 * thousand of them.
 */

import assert from "node:assert/strict";
import { runTransfer } from "../../support/utp_transfers.ts";
import { makePair } from "../../support/utp_network.ts";

for (let seed = 1; seed <= 20; seed++) {
  Deno.test(`transfer ${seed}: all bytes arrive, and nothing is left`, () => runTransfer(seed));
}

Deno.test("a reader that pauses stops the sender, with bounded memory", async () => {
  const pair = makePair(1, { delayMs: 10 });
  const { dialled, accepted } = await pair.open();
  let got = 0;
  accepted.onBytes = (bytes) => {
    got += bytes.length;
    return false;
  };
  accepted.resume();
  const length = 16 * 1024 * 1024;
  dialled.end(new Uint8Array(length));
  await pair.network.clock.advance(60_000);
  const { keptBytes } = pair.acceptor.counts;
  assert.ok(got < 10_000, `${got} bytes are read`);
  assert.ok(keptBytes > 1_500_000 && keptBytes < 4.2 * 2 ** 20, `${keptBytes} bytes are kept`);
  const ended = new Promise((resolve) => accepted.once("end", resolve));
  accepted.onBytes = (bytes) => {
    got += bytes.length;
    return true;
  };
  accepted.resume();
  await pair.network.clock.until(ended);
  assert.equal(got, length);
});

Deno.test("a connection survives a silence of ten minutes, with a keep-alive each 29 s", async () => {
  const pair = makePair(1, { delayMs: 10 });
  const { dialled, accepted } = await pair.open();
  await pair.network.clock.advance(5_000);
  let packets = 0;
  pair.network.onSend = () => packets++;
  await pair.network.clock.advance(600_000);
  assert.ok(packets >= 40 && packets <= 42, `${packets} packets`);
  const got = new Promise<Uint8Array>((resolve) => accepted.once("data", resolve));
  dialled.write("still here");
  assert.equal(String(await pair.network.clock.until(got)), "still here");
});

Deno.test("a peer that vanishes is given up, and a dial that nobody answers", async () => {
  const pair = makePair(1, { delayMs: 10 });
  const { dialled } = await pair.open();
  const failed = new Promise<Error>((resolve) => dialled.once("error", resolve));
  pair.network.endpoints.delete("192.0.2.2");
  dialled.write("anybody?");
  assert.match((await pair.network.clock.until(failed)).message, /does not answer over uTP/);
  const dial = pair.dialler.connect("192.0.2.9", 6881);
  const refused = new Promise<Error & { code: string }>((resolve) => dial.once("error", resolve));
  assert.equal((await pair.network.clock.until(refused)).code, "ETIMEDOUT");
  assert.equal(pair.dialler.counts.connections, 0);
});

Deno.test("a closed endpoint resets its connections", async () => {
  const pair = makePair(1, { delayMs: 10 });
  const { dialled, accepted } = await pair.open();
  const reset = new Promise<Error & { code: string }>((resolve) => dialled.once("error", resolve));
  accepted.on("error", () => {});
  pair.acceptor.close();
  assert.equal((await pair.network.clock.until(reset)).code, "ECONNRESET");
  assert.equal(pair.dialler.counts.connections, 0);
  assert.equal(pair.network.clock.timers, 0, "no timer is left");
});
