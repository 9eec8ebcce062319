/** Tests the watch of the addresses to which the engine is bound. */

import assert from "node:assert/strict";
import type { BindingState, InterfaceAddress } from "../../../src/base/mod.ts";
import {
  examineBinding,
  LOOK_MS,
  LOOKS_PER_ROUTE,
  watchBinding,
} from "../../../src/launcher/binding_watch.ts";
import { parseExit } from "../../../src/launcher/gateway.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

const tun0 = (address: string): InterfaceAddress => ({ name: "tun0", family: "IPv4", address });
const binding = { name: "tun0", interface: "tun0", ipv4: "10.8.0.6" };

/** Watches a binding on a machine with scripted addresses and routes. */
function watch(name = "tun0") {
  const clock = new FakeClock();
  const told: BindingState[] = [];
  const machine = {
    addresses: [tun0("10.8.0.6")],
    exit: "tun0" as string | undefined,
    routeLooks: 0,
  };
  const close = watchBinding(
    { ...binding, name },
    { state: "bound" },
    (state) => told.push(state),
    {
      clock,
      interfaces: () => machine.addresses,
      findExit: () => {
        machine.routeLooks++;
        return Promise.resolve(machine.exit);
      },
    },
  );
  const look = async () => {
    await clock.advance(LOOK_MS);
    await settle();
  };
  return { told, machine, close, look, clock };
}

Deno.test("a binding that stays says nothing, and the route is looked up at every fifth look", async () => {
  const at = watch();
  for (let looks = 0; looks < 3 * LOOKS_PER_ROUTE; looks++) await at.look();
  assert.deepEqual(at.told, []);
  assert.equal(at.machine.routeLooks, 3);
});

Deno.test("an interface that vanishes is lost, and bound again when it is back", async () => {
  const at = watch();
  at.machine.addresses = [];
  await at.look();
  await at.look();
  assert.deepEqual(at.told.map(({ state }) => state), ["lost"]);
  assert.match((at.told[0] as { why: string }).why, /no network interface tun0/);
  at.machine.addresses = [tun0("10.8.0.6")];
  await at.look();
  assert.deepEqual(at.told.at(-1), { state: "bound" });
});

Deno.test("an interface with another address has moved; a lost address has not", async () => {
  const [byName, byAddress] = [watch(), watch("10.8.0.6")];
  for (const at of [byName, byAddress]) {
    at.machine.addresses = [tun0("10.8.0.9")];
    await at.look();
  }
  const why = "tun0 has the address 10.8.0.9 now";
  assert.deepEqual(byName.told, [{ state: "moved", why }]);
  assert.deepEqual(byAddress.told.map(({ state }) => state), ["lost"]);
});

Deno.test("an address that another interface has now is lost", async () => {
  const at = watch("10.8.0.6");
  at.machine.addresses = [{ ...tun0("10.8.0.6"), name: "eth0" }];
  await at.look();
  assert.deepEqual(at.told, [{ state: "lost", why: "10.8.0.6 is an address of eth0 now" }]);
});

Deno.test("a route by another interface is a loss, until it leads back", async () => {
  const at = watch();
  at.machine.exit = "eth0";
  for (let looks = 0; looks < LOOKS_PER_ROUTE; looks++) await at.look();
  const why = "packets from 10.8.0.6 would leave by eth0, because the route leads there";
  assert.deepEqual(at.told, [{ state: "lost", why }]);
  at.machine.exit = "tun0";
  for (let looks = 0; looks < LOOKS_PER_ROUTE; looks++) await at.look();
  assert.deepEqual(at.told.at(-1), { state: "bound" });
});

Deno.test("the route is looked up at once when the addresses are back", async () => {
  const at = watch();
  at.machine.addresses = [];
  await at.look();
  at.machine.addresses = [tun0("10.8.0.6")];
  at.machine.exit = "eth0";
  await at.look();
  assert.deepEqual(at.told.map(({ state }) => state), ["lost", "lost"]);
  assert.match((at.told[1] as { why: string }).why, /would leave by eth0/);
});

Deno.test("nothing is told after the end", async () => {
  const at = watch();
  at.close();
  at.machine.addresses = [];
  await at.look();
  assert.deepEqual(at.told, []);
  assert.equal(at.clock.timers, 0);
});

Deno.test("the first examination tells what is missing, and where the route leads", async () => {
  const surroundings = (exit: string | undefined) => ({
    interfaces: () => [tun0("10.8.0.6")],
    findExit: () => Promise.resolve(exit),
  });
  const good = { binding, state: { state: "bound" } };
  assert.deepEqual(await examineBinding("tun0", surroundings("tun0")), good);
  // Without the program `ip`, or without a route, there is nothing that speaks against it.
  assert.deepEqual(await examineBinding("tun0", surroundings(undefined)), good);
  const bad = await examineBinding("tun0", surroundings("eth0")) as { state: BindingState };
  assert.equal(bad.state.state, "lost");
  assert("problem" in await examineBinding("tun1", surroundings("tun1")));
});

Deno.test("the interface is read from the output of ip, and no route is none", () => {
  const direct = "198.41.0.4 from 10.8.0.6 dev tun0 uid 0 \n    cache \n";
  assert.equal(parseExit(direct), "tun0");
  assert.equal(parseExit("198.41.0.4 from 192.0.2.7 via 192.0.2.1 dev eth0 uid 0 \n"), "eth0");
  const ipv6 = "2001:503:ba3e::2:30 from 2001:db8::7 via fe80::1 dev wg-home proto ra metric 1\n";
  assert.equal(parseExit(ipv6), "wg-home");
  assert.equal(parseExit("unreachable 198.41.0.4 from 10.8.0.6 dev lo table 5 \n"), undefined);
  assert.equal(parseExit(""), undefined);
});
