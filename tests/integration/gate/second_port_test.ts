/** Tests that torrents are announced to neighbours at a second port as well. */

import assert from "node:assert/strict";
import { toHex } from "../../../src/base/mod.ts";
import { GateClient } from "../../../src/gate/mod.ts";
import { connectGate } from "../../../src/gate_thread/mod.ts";
import type { Interface } from "../../../src/gate_thread/policy.ts";
import { eventually } from "../../support/engines.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const LOOPBACK: Interface = {
  ...{ name: "lo", family: "IPv4", scopeid: null },
  ...{ address: "127.0.0.1", cidr: "127.0.0.1/8" },
};
const [FIRST, SECOND] = [7_001, 7_002];

function start() {
  const gate = connectGate({ allowLocal: false, interfaces: [LOOPBACK] }, (error) => {
    throw error;
  });
  const clock = new FakeClock();
  const client = new GateClient(gate.open(), clock);
  return { client, clock, [Symbol.dispose]: () => gate.terminate() };
}

Deno.test("neighbours hear of the second port two seconds after the first one", async () => {
  using ours = start();
  using theirs = start();
  // No other run announces this torrent.
  const infoHashHex = toHex(crypto.getRandomValues(new Uint8Array(20)));
  const heard: number[] = [];
  const hearing = theirs.client.discover(
    7_003,
    (peers) => heard.push(...peers.map(({ port }) => port)),
  );
  await hearing.announce([infoHashHex]);
  const own: unknown[] = [];
  const hearOwn = (peers: { port: number }[]) =>
    own.push(...peers.filter(({ port }) => port !== 7_003));
  const announcing = ours.client.discover(FIRST, hearOwn, () => {}, false, SECOND);
  // The other gate may not have joined the group yet. The gate sends two announcements a second, so more
  // would leave no room for those of the second port.
  const announcedUntil = async (isHeard: () => boolean, what: string) => {
    let announcedMs = -Infinity;
    await eventually(async () => {
      if (performance.now() - announcedMs < 1_000) return isHeard();
      announcedMs = performance.now();
      await announcing.announce([infoHashHex]);
      return isHeard();
    }, what);
  };
  await announcedUntil(() => heard.length > 0, "the first port is heard");
  assert.deepEqual([...new Set(heard)], [FIRST]);
  await ours.clock.advance(2_000);
  const hearsSecond = () => heard.includes(SECOND);
  await eventually(hearsSecond, "the second port is heard");
  assert.deepEqual(own, [], "our own announcements are not those of a neighbour");
  announcing.close();
  hearing.close();
});
