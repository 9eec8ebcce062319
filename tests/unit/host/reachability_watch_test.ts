import assert from "node:assert/strict";
import { ReachabilityWatch } from "../../../src/host/reachability_watch.ts";
import type { ReachabilityStatus } from "../../../src/reachability/mod.ts";

const behindNat: ReachabilityStatus = {
  reachable: "no",
  port: 6_881,
  localAddress: "192.168.1.2",
  ipv4: {
    placement: "nat",
    reachable: "no",
    external: { address: "5.1.1.1", votes: 4, of: 4 },
    incoming: { connections: 0 },
  },
};

function hear(isDaemon: boolean, ...statuses: ReachabilityStatus[]): string[] {
  const said: string[] = [];
  const watch = new ReachabilityWatch({
    onNotice: (text) => said.push(`notice ${text}`),
    onWarning: (text) => said.push(`warning ${text}`),
  }, isDaemon);
  for (const status of statuses) watch.hear(status);
  return said;
}

Deno.test("a daemon that nobody can dial warns once, and says what to do", () => {
  const said = hear(true, behindNat, behindNat);
  assert.equal(said.length, 1);
  assert.match(said[0]!, /^warning reachability: behind NAT.*; forward TCP and UDP port 6881/);
});

Deno.test("a command that ends soon needs no visitors, and says nothing", () => {
  assert.deepEqual(hear(false, behindNat), []);
});
