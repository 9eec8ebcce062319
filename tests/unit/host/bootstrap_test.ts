/**
 * Resolving bootstrap host names to addresses.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  type BootstrapAddresses,
  BootstrapNodes,
  resolveBootstrap,
} from "../../../src/host/bootstrap.ts";
import { FakeClock } from "../../support/fake_clock.ts";

Deno.test("bootstrap addresses need no lookup, and an empty list is accepted", async () => {
  const clock = new FakeClock();
  assert.deepEqual(await resolveBootstrap([], clock), { addresses: [], failed: [] });
  const nodes = [{ host: "192.0.2.1", port: 6881 }, { host: "127.0.0.1", port: 1 }];
  assert.deepEqual(await resolveBootstrap(nodes, clock), { addresses: nodes, failed: [] });
});

Deno.test("bootstrap names are looked up, and a name without an address does not delay the others", async () => {
  const clock = new FakeClock();
  const found = await resolveBootstrap([
    { host: "localhost", port: 7 },
    // The domain `.invalid` never exists (RFC 6761).
    { host: "nowhere.invalid", port: 6881 },
    { host: "192.0.2.1", port: 6881 },
  ], clock);
  assert.deepEqual(found.failed, ["nowhere.invalid:6881"]);
  const addresses = found.addresses.map(({ host, port }) => `${host}:${port}`);
  assert(addresses.includes("127.0.0.1:7") && addresses.includes("192.0.2.1:6881"), `${addresses}`);
  assert.equal(clock.timers, 0);
});

/**
 * Starts looking up two bootstrap names on a fake clock. The fake lookups return the given answers
 * in turn.
 */
async function lookedUp(answers: BootstrapAddresses[]) {
  const clock = new FakeClock();
  const begunMs = clock.now();
  const lookups: number[] = [];
  const warnings: string[] = [];
  const found: unknown[] = [];
  const nodes = await BootstrapNodes.lookUp(
    [{ host: "a.invalid", port: 1 }, { host: "b.invalid", port: 2 }],
    clock,
    (message) => warnings.push(message),
    () => {
      lookups.push((clock.now() - begunMs) / 1_000);
      return Promise.resolve(answers[Math.min(lookups.length, answers.length) - 1]!);
    },
  );
  nodes.keepLooking((addresses) => {
    found.push(addresses);
    return Promise.reject(new Error("the engine has ended"));
  });
  return { clock, nodes, lookups, warnings, found };
}

const [a, b] = [{ host: "192.0.2.1", port: 1 }, { host: "192.0.2.2", port: 2 }];
const nothing = { addresses: [], failed: ["a.invalid:1", "b.invalid:2"] };
const one = { addresses: [a], failed: ["b.invalid:2"] };
const both = { addresses: [a, b], failed: [] };

Deno.test("names without an address are looked up again with back-off", async () => {
  const { clock, nodes, lookups, warnings, found } = await lookedUp([
    nothing,
    nothing,
    one,
    one,
    both,
  ]);
  assert.deepEqual(nodes.addresses, []);
  assert.deepEqual(warnings, ["no address found for the bootstrap nodes a.invalid:1, b.invalid:2"]);
  await clock.advance(3_600_000);
  assert.deepEqual(lookups, [0, 15, 45, 105, 225]);
  assert.deepEqual(found, [[a], [a, b]]);
  assert.equal(clock.timers, 0);
});

Deno.test("no name is looked up again once all have addresses, or after stop", async () => {
  const good = await lookedUp([both]);
  assert.deepEqual([good.nodes.addresses, good.warnings, good.clock.timers], [[a, b], [], 0]);
  const bad = await lookedUp([nothing]);
  bad.nodes.stop();
  await bad.clock.advance(3_600_000);
  assert.deepEqual([bad.lookups, bad.clock.timers], [[0], 0]);
  const long = await lookedUp([nothing]);
  await long.clock.advance(24 * 3_600_000);
  assert.equal(long.lookups.at(-1)! - long.lookups.at(-2)!, 600);
});
