/**
 * Bootstrap names and addresses.
 *
 * @module
 */

import assert from "node:assert/strict";
import { resolveBootstrap } from "../../../src/daemon/bootstrap.ts";
import { FakeClock } from "../../support/fake_clock.ts";

Deno.test("addresses are taken as they are, and none is no mistake", async () => {
  const clock = new FakeClock();
  assert.deepEqual(await resolveBootstrap([], clock), { addresses: [], failed: [] });
  const nodes = [{ host: "192.0.2.1", port: 6881 }, { host: "127.0.0.1", port: 1 }];
  assert.deepEqual(await resolveBootstrap(nodes, clock), { addresses: nodes, failed: [] });
});

Deno.test("names become addresses; one that has none does not hold up the others", async () => {
  const clock = new FakeClock();
  const found = await resolveBootstrap([
    { host: "localhost", port: 7 },
    // RFC 6761: no such name ever exists.
    { host: "nowhere.invalid", port: 6881 },
    { host: "192.0.2.1", port: 6881 },
  ], clock);
  assert.deepEqual(found.failed, ["nowhere.invalid:6881"]);
  const addresses = found.addresses.map(({ host, port }) => `${host}:${port}`);
  assert(addresses.includes("127.0.0.1:7") && addresses.includes("192.0.2.1:6881"), `${addresses}`);
  assert.equal(clock.timers, 0);
});
