/** Tests which neighbours are dialled, and which are reported. */

import assert from "node:assert/strict";
import { GateError } from "../../../../src/gate/mod.ts";
import type { GateClient, HeardPeer } from "../../../../src/gate/mod.ts";
import { Neighbours } from "../../../../src/engine/lan/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const MINUTE_MS = 60_000;
const HASH = "a".repeat(40);
const OTHER = "b".repeat(40);
const ours = 6_881;

/** Neighbours over a scripted gate. */
function begin() {
  const clock = new FakeClock();
  const announced: string[][] = [];
  const dialled: string[] = [];
  const calls: string[] = [];
  let hear: (peers: HeardPeer[]) => void = () => {};
  let fail: (error: GateError) => void = () => {};
  const gate: Pick<GateClient, "discover"> = {
    discover(port, onPeers, onClosed = () => {}, isTcpOnly = false) {
      calls.push(`discover ${port}${isTcpOnly ? " by TCP" : ""}`);
      [hear, fail] = [onPeers, onClosed];
      return {
        announce(infoHashesHex) {
          announced.push(infoHashesHex);
          return Promise.resolve({ sent: infoHashesHex.length, skipped: 0 });
        },
        probe: ({ host, port }) => calls.push(`probe ${host}:${port}`),
        close: () => calls.push("close"),
      };
    },
  };
  const neighbours = new Neighbours({
    clock,
    gate: () => gate,
    port: () => ({ port: ours, isTcpOnly: false }),
    onNeighbour: (infoHashHex, { host, port }) =>
      dialled.push(`${host}:${port} ${infoHashHex === HASH ? "hash" : "other"}`),
  });
  return {
    ...{ neighbours, clock, announced, dialled, calls },
    hear: (host: string, infoHashHex = HASH, port = 6_881) => hear([{ host, port, infoHashHex }]),
    hearDialling: (host: string) =>
      hear([{ host, port: 6_881, infoHashHex: HASH, isDialling: true }]),
    fail: (error: GateError) => fail(error),
  };
}

Deno.test("the gate is asked when the first torrent is there, and not before", async () => {
  const { neighbours, clock, calls, announced } = begin();
  await clock.advance(MINUTE_MS);
  assert.deepEqual(calls, []);
  for (const hash of [HASH, OTHER]) neighbours.add(hash);
  await clock.advance(0);
  assert.deepEqual(calls, [`discover ${ours}`]);
  assert.deepEqual(announced, [[HASH, OTHER]]);
});

Deno.test("a neighbour is dialled once for each torrent, and again after an hour", async () => {
  const { neighbours, clock, dialled, hear } = begin();
  neighbours.add(HASH);
  await clock.advance(0);
  hear("192.168.1.5");
  hear("192.168.1.5", OTHER);
  assert.deepEqual(dialled, ["192.168.1.5:6881 hash", "192.168.1.5:6881 other"]);
  for (let minutes = 5; minutes < 60; minutes += 5) {
    await clock.advance(5 * MINUTE_MS);
    hear("192.168.1.5");
  }
  assert.equal(dialled.length, 2);
  await clock.advance(5 * MINUTE_MS);
  hear("192.168.1.5");
  assert.equal(dialled.length, 3);
});

Deno.test("a neighbour that begins a download is dialled again, since it repeats its announcement", async () => {
  const { neighbours, clock, dialled, hear } = begin();
  neighbours.add(HASH);
  await clock.advance(0);
  hear("192.168.1.5");
  await clock.advance(5 * MINUTE_MS);
  hear("192.168.1.5");
  assert.equal(dialled.length, 1);
  await clock.advance(2_000);
  hear("192.168.1.5");
  assert.equal(dialled.length, 2);
});

Deno.test("a neighbour that invents others cannot cause dials without end", async () => {
  const { neighbours, clock, dialled, hear } = begin();
  neighbours.add(HASH);
  await clock.advance(0);
  for (let port = 10_000; port < 11_000; port++) hear("192.168.1.6", HASH, port);
  assert.equal(dialled.length, 64);
  await clock.advance(1_000);
  for (let port = 12_000; port < 13_000; port++) hear("192.168.1.6", HASH, port);
  assert.equal(dialled.length, 68);
  assert.equal(neighbours.status.neighbours.length, 256);
});

Deno.test("neighbours are reported for 15 minutes, the last heard first", async () => {
  const { neighbours, clock, hear } = begin();
  const hosts = () => neighbours.status.neighbours.map(({ host }) => host);
  neighbours.add(HASH);
  await clock.advance(0);
  hear("192.168.1.5");
  await clock.advance(10 * MINUTE_MS);
  hear("fd00::7");
  assert.deepEqual(hosts(), ["fd00::7", "192.168.1.5"]);
  await clock.advance(5 * MINUTE_MS);
  assert.deepEqual(hosts(), ["fd00::7"]);
});

Deno.test("a change of the network opens new sockets, and announces everything again", async () => {
  const { neighbours, clock, calls, announced, dialled, hear } = begin();
  neighbours.networkChanged();
  assert.deepEqual(calls, []);
  neighbours.add(HASH);
  await clock.advance(0);
  hear("192.168.1.5");
  neighbours.networkChanged();
  await clock.advance(0);
  assert.deepEqual(calls, [`discover ${ours}`, "close", `discover ${ours}`]);
  assert.deepEqual(announced, [[HASH], [HASH]]);
  hear("192.168.1.5");
  assert.equal(dialled.length, 2);
});

Deno.test("the failure of the gate is reported, and announcements go on by the next gate", async () => {
  const { neighbours, clock, announced, fail } = begin();
  neighbours.add(HASH);
  await clock.advance(0);
  fail(new GateError("GATE_DIED", "The gate's thread died"));
  assert.deepEqual(neighbours.status.error, {
    code: "GATE_DIED",
    message: "The gate's thread died",
  });
  neighbours.add(OTHER);
  await clock.advance(MINUTE_MS);
  assert.equal(neighbours.status.error, undefined);
  assert.deepEqual(announced.flat().sort(), [HASH, HASH, OTHER]);
});

Deno.test("after another failure, local discovery begins anew within a minute", async () => {
  const { neighbours, clock, announced, calls, fail } = begin();
  neighbours.add(HASH);
  await clock.advance(0);
  fail(new GateError("EADDRNOTAVAIL", "The interface is gone"));
  assert.equal(neighbours.status.error?.code, "EADDRNOTAVAIL");
  await clock.advance(MINUTE_MS);
  assert.equal(neighbours.status.error, undefined);
  assert.deepEqual(announced, [[HASH], [HASH]]);
  assert.deepEqual(calls, [`discover ${ours}`, `discover ${ours}`]);
});

Deno.test("nothing is announced after the end", async () => {
  const { neighbours, clock, calls, announced } = begin();
  neighbours.add(HASH);
  await clock.advance(0);
  neighbours.close();
  neighbours.add(OTHER);
  await clock.advance(10 * MINUTE_MS);
  assert.deepEqual(announced, [[HASH]]);
  assert.deepEqual(calls, [`discover ${ours}`, "close"]);
});

Deno.test("the gate is asked about a neighbour that can get no answer, once it discovers", async () => {
  const { neighbours, clock, calls } = begin();
  neighbours.noteUnanswered({ host: "192.168.1.5", port: 6_881 });
  neighbours.add(HASH);
  await clock.advance(0);
  neighbours.noteUnanswered({ host: "192.168.1.5", port: 6_881 });
  assert.deepEqual(calls, [`discover ${ours}`, "probe 192.168.1.5:6881"]);
});

Deno.test("a neighbour that dials us is dialled three times, as its own attempt may win", async () => {
  const { neighbours, clock, dialled, hearDialling } = begin();
  neighbours.add(HASH);
  await clock.advance(0);
  hearDialling("192.168.1.5");
  assert.equal(dialled.length, 1);
  await clock.advance(600);
  assert.deepEqual(dialled, Array(3).fill("192.168.1.5:6881 hash"));
  hearDialling("192.168.1.6");
  neighbours.close();
  await clock.advance(MINUTE_MS);
  assert.equal(dialled.length, 4, "after the end, nobody is dialled");
});
