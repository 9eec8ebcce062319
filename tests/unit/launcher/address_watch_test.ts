/** Tests the watch of this machine's addresses. */

import assert from "node:assert/strict";
import {
  ADDRESS_LOOK_MS,
  SUSPENDED_MS,
  watchAddresses,
} from "../../../src/launcher/address_watch.ts";
import { FakeClock } from "../../support/fake_clock.ts";

function begin(...first: string[]) {
  const clock = new FakeClock();
  const machine = { addresses: first };
  const told: string[][] = [];
  const end = watchAddresses((addresses) => told.push(addresses), {
    clock,
    addresses: () => machine.addresses.map((address) => ({ address })),
  });
  return { clock, machine, told, [Symbol.dispose]: end };
}

Deno.test("the addresses are told at the start and after a change, and not otherwise", async () => {
  using at = begin("127.0.0.1", "5.9.1.2");
  assert.deepEqual(at.told, [["127.0.0.1", "5.9.1.2"]]);
  await at.clock.advance(10 * ADDRESS_LOOK_MS);
  assert.equal(at.told.length, 1);
  at.machine.addresses = ["127.0.0.1", "5.9.2.2"];
  await at.clock.advance(ADDRESS_LOOK_MS);
  assert.deepEqual(at.told.at(-1), ["127.0.0.1", "5.9.2.2"]);
  await at.clock.advance(10 * ADDRESS_LOOK_MS);
  assert.equal(at.told.length, 2);
});

Deno.test("another order, and link-local addresses that come and go, are no change", async () => {
  using at = begin("5.9.1.2", "2a00:1:1::2");
  at.machine.addresses = ["fe80::42", "2a00:1:1::2", "169.254.3.4", "5.9.1.2"];
  await at.clock.advance(ADDRESS_LOOK_MS);
  assert.equal(at.told.length, 1);
});

Deno.test("a jump of the clock is a change, because the machine was suspended", async () => {
  using at = begin("5.9.1.2");
  at.clock.jump(SUSPENDED_MS);
  await at.clock.advance(ADDRESS_LOOK_MS);
  assert.equal(at.told.length, 1);
  at.clock.jump(SUSPENDED_MS + 1);
  await at.clock.advance(ADDRESS_LOOK_MS);
  assert.equal(at.told.length, 2);
  await at.clock.advance(ADDRESS_LOOK_MS);
  assert.equal(at.told.length, 2);
});

Deno.test("the watch ends", async () => {
  const at = begin("5.9.1.2");
  at[Symbol.dispose]();
  at.machine.addresses = [];
  await at.clock.advance(10 * ADDRESS_LOOK_MS);
  assert.equal(at.told.length, 1);
});
