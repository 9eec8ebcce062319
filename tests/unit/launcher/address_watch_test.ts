/** Tests the watch of this machine's addresses. */

import assert from "node:assert/strict";
import {
  ADDRESS_LOOK_MS,
  LOOKS_PER_EXAMINATION,
  SUSPENDED_MS,
  watchAddresses,
} from "../../../src/launcher/address_watch.ts";
import type { MachineAddresses } from "../../../src/launcher/mod.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

/** Watches a machine. `ipv6` is what the program `ip` tells of it; `examined` counts its runs. */
function begin(...first: string[]) {
  const clock = new FakeClock();
  const machine = {
    addresses: first,
    ipv6: {
      stable: undefined as string | undefined,
      temporary: [] as string[],
      isTentative: false,
    },
    examined: 0,
  };
  const told: (readonly string[])[] = [];
  const founds: MachineAddresses[] = [];
  const end = watchAddresses((found) => {
    told.push(found.addresses);
    founds.push(found);
  }, {
    clock,
    addresses: () => machine.addresses.map((address) => ({ address })),
    examineIpv6: () => {
      machine.examined++;
      const { stable, temporary, isTentative } = machine.ipv6;
      return Promise.resolve({ stable, temporary: new Set(temporary), isTentative });
    },
  });
  return { clock, machine, told, founds, [Symbol.dispose]: end };
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
  await settle();
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

Deno.test("temporary addresses that come and go are told, and are no move", async () => {
  using at = begin("5.9.1.2");
  const [lasting, temporary, next] = ["2a00:1:1::2", "2a00:1:1::a:b", "2a00:1:1::c:d"];
  at.machine.addresses = ["5.9.1.2", lasting, temporary];
  at.machine.ipv6 = { stable: lasting, temporary: [temporary], isTentative: false };
  await at.clock.advance(ADDRESS_LOOK_MS);
  assert.equal(at.founds.at(-1)!.isMove, true);
  at.machine.addresses = ["5.9.1.2", lasting, temporary, next];
  at.machine.ipv6.temporary = [temporary, next];
  await at.clock.advance(ADDRESS_LOOK_MS);
  at.machine.addresses = ["5.9.1.2", lasting, next];
  at.machine.ipv6.temporary = [next];
  await at.clock.advance(ADDRESS_LOOK_MS);
  const changes = at.founds.slice(-2);
  assert.deepEqual(changes.map(({ isMove }) => isMove), [false, false]);
  assert.deepEqual(changes.map(({ stableIpv6 }) => stableIpv6), [lasting, lasting]);
  assert.deepEqual(at.told.at(-1), ["5.9.1.2", lasting, next]);
});

Deno.test("another lasting address is a move, also while the machine still has the old one", async () => {
  using at = begin("5.9.1.2", "2a00:1:1::2", "2a00:2:2::2");
  at.machine.ipv6.stable = "2a00:1:1::2";
  await settle();
  const { length } = at.founds;
  at.machine.ipv6.stable = "2a00:2:2::2";
  await at.clock.advance(LOOKS_PER_EXAMINATION * ADDRESS_LOOK_MS);
  assert.equal(at.founds.length, length + 1);
  assert.equal(at.founds.at(-1)!.stableIpv6, "2a00:2:2::2");
  assert.equal(at.founds.at(-1)!.isMove, true);
});

Deno.test("an address that the system still tests is looked at again at once", async () => {
  using at = begin();
  at.machine.addresses = ["2a00:1:1::2"];
  at.machine.ipv6.isTentative = true;
  await at.clock.advance(ADDRESS_LOOK_MS);
  const { examined } = at.machine;
  at.machine.ipv6 = { stable: "2a00:1:1::2", temporary: [], isTentative: false };
  await at.clock.advance(ADDRESS_LOOK_MS);
  assert.ok(at.machine.examined > examined);
  assert.equal(at.founds.at(-1)!.stableIpv6, "2a00:1:1::2");
});

Deno.test("without a public address of IPv6, no program is run", async () => {
  using at = begin("5.9.1.2", "fd00::1", "::1");
  await at.clock.advance(3 * LOOKS_PER_EXAMINATION * ADDRESS_LOOK_MS);
  assert.equal(at.machine.examined, 0);
});
