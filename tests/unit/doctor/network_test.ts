/**
 * The finding of `doctor` on the DHT of a running daemon.
 *
 * @module
 */

import assert from "node:assert/strict";
import { checkDhtOf } from "../../../src/doctor/network.ts";

const traffic = {
  ...{ packetsIn: 0, bytesIn: 0, packetsOut: 0, bytesOut: 0 },
  ...{ malformed: 0, limited: 0, unasked: 0, unsent: 0 },
};

Deno.test("nodes of IPv6 suffice where no node of IPv4 is known", () => {
  const dht6 = { state: { state: "on" }, nodeIdHex: "00".repeat(20), nodes: 12, traffic } as const;
  const check = checkDhtOf({ dht: { state: "on" }, dhtNodes: 0, dht6 }, true);
  assert.deepEqual([check.verdict, check.what], ["ok", "12 nodes in the daemon's table"]);
  const both = checkDhtOf({ dht: { state: "on" }, dhtNodes: 8, dht6 }, true);
  assert.equal(both.what, "20 nodes in the daemon's table");
});

Deno.test("a daemon that knows no node fails, and so does one whose nodes are silent", () => {
  const check = checkDhtOf({ dht: { state: "on" }, dhtNodes: 0 }, true);
  assert.deepEqual([check.verdict, check.what], ["fail", "the daemon knows no node"]);
  const silent = checkDhtOf({ dht: { state: "on", silent: true }, dhtNodes: 3 }, true);
  assert.equal(silent.verdict, "fail");
  assert.match(silent.what, /none of the nodes .* answers/);
});
