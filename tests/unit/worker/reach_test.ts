/** Tests how the engine's thread gathers its reachability, and reacts to changes of its address. */

import assert from "node:assert/strict";
import { parseAddress } from "../../../src/base/mod.ts";
import { MAX_VOTERS, MIN_VOTES, type ReachabilityStatus } from "../../../src/reachability/mod.ts";
import type { PortMappingStatus } from "../../../src/router/mod.ts";
import { ipv6Use, Reach, type ReachOptions } from "../../../src/worker/reach.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const OURS = "5.9.1.2";
const NEXT = "5.9.2.2";

function begin(options: Partial<ReachOptions> = {}) {
  const told: ReachabilityStatus[] = [];
  const external: string[] = [];
  const ipv6: boolean[] = [];
  const counts = { doubts: 0, moves: 0 };
  const router: { status: PortMappingStatus | undefined } = { status: undefined };
  const reach = new Reach({
    clock: new FakeClock(),
    port: 6881,
    portMapping: () => router.status,
    pinhole: () => undefined,
    onStatus: (status) => told.push(status),
    onExternal: (address) => external.push(address),
    onDoubt: () => counts.doubts++,
    onMoved: () => counts.moves++,
    onIpv6: (has) => ipv6.push(has),
    ...options,
  });
  const vote = (address: string, count = MIN_VOTES) => {
    for (let i = 0; i < count; i++) reach.vote(`45.${i}.1.1`, parseAddress(address)!);
  };
  return { reach, told, external, ipv6, counts, router, vote };
}

Deno.test("the addresses at the start are no move, and a public one is external at once", () => {
  const { reach, external, counts, told } = begin();
  reach.setHostAddresses(["127.0.0.1", "192.168.1.2", OURS]);
  assert.deepEqual(external, [OURS]);
  assert.equal(counts.moves, 0);
  assert.equal(told.at(-1)!.ipv4.placement, "public");
});

Deno.test("IPv6 is there while an interface has a public address of it", () => {
  const { reach, ipv6 } = begin();
  reach.setHostAddresses(["::1", "fe80::1", "fd00::1", OURS]);
  reach.setHostAddresses(["::1", "2a01:4f8::1", OURS]);
  reach.setHostAddresses(["::1", OURS]);
  assert.deepEqual(ipv6, [false, true, false]);
});

/** Votes of enough networks of IPv6. */
function vote6(reach: Reach, address: string): void {
  for (let i = 0; i < MAX_VOTERS; i++) reach.vote(`2600:${i}::1`, parseAddress(address)!);
}

Deno.test("nodes of IPv6 tell which address of this machine is external, and no other", () => {
  const { reach, external } = begin();
  reach.setHostAddresses(["2a01:4f8::1", "2a01:4f8::2"]);
  vote6(reach, "2a01:4f8::2");
  assert.deepEqual(external, ["2a01:4f8::2"]);
  vote6(reach, "2a01:4f8::666");
  assert.deepEqual(external, ["2a01:4f8::2"]);
  vote6(reach, "2a01:4f8::1");
  assert.deepEqual(external, ["2a01:4f8::2", "2a01:4f8::1"]);
});

Deno.test("a lasting address of IPv6 is external at once, whatever nodes tell", () => {
  const { reach, external, counts } = begin();
  const [lasting, temporary] = ["2a01:4f8::1", "2a01:4f8::a:b"];
  reach.setHostAddresses([lasting, temporary], { stableIpv6: lasting, isMove: false });
  vote6(reach, temporary);
  vote6(reach, "2a01:4f8::666");
  assert.deepEqual(external, [lasting]);
  assert.equal(reach.status.ipv6!.address, lasting);
  assert.equal(counts.moves, 0);
  reach.setHostAddresses(["2a02::1"], { stableIpv6: "2a02::1", isMove: true });
  assert.deepEqual(external, [lasting, "2a02::1"]);
  assert.equal(counts.moves, 1);
});

Deno.test("temporary addresses that change are no move, and visitors still count", () => {
  const { reach, ipv6, counts } = begin();
  reach.setHostAddresses(["2a00:1:1::2", "2a00:1:1::a:b"], { isMove: false });
  reach.noteIncoming("2a00:2:2::2");
  reach.setHostAddresses(["2a00:1:1::2", "2a00:1:1::c:d"], { isMove: false });
  assert.equal(counts.moves, 0);
  assert.equal(reach.status.ipv6!.incoming.connections, 1);
  reach.noteIncoming("2a00:1:1::c:d");
  assert.equal(reach.status.ipv6!.incoming.connections, 1, "it is our own new address");
  assert.deepEqual(ipv6, [true, true]);
});

Deno.test("a new address of an interface is a move, and old votes and visitors count no more", () => {
  const { reach, external, counts, vote } = begin();
  reach.setHostAddresses([OURS]);
  vote(OURS);
  reach.noteIncoming("5.200.0.1");
  assert.equal(reach.status.reachable, "yes");
  reach.setHostAddresses([NEXT]);
  assert.equal(counts.moves, 1);
  assert.deepEqual(external, [OURS, NEXT]);
  assert.equal(reach.status.reachable, "unknown");
  assert.equal(reach.status.ipv4.external, undefined);
});

Deno.test("behind NAT the votes tell the external address, and the verdict changes with the router", () => {
  const { reach, external, told, router, vote } = begin();
  router.status = { sinceMs: 0 };
  reach.setHostAddresses(["192.168.1.2"]);
  vote(OURS);
  assert.deepEqual(external, [OURS]);
  assert.equal(reach.status.ipv4.placement, "unknown");
  router.status = { sinceMs: 1, error: { code: "NO_ROUTER", message: "none" } };
  reach.update();
  assert.deepEqual([told.at(-1)!.ipv4.placement, told.at(-1)!.reachable], ["nat", "no"]);
  const mapping = { protocol: "UPnP", externalAddress: OURS, externalPort: 6881 } as const;
  router.status = { sinceMs: 2, routerAddress: OURS, mapping };
  reach.update();
  assert.equal(told.at(-1)!.ipv4.placement, "mapped");
  const before = told.length;
  reach.update();
  assert.equal(told.length, before);
});

Deno.test("one contradiction raises doubt and moves nothing", () => {
  const { reach, counts, vote } = begin();
  reach.setHostAddresses(["192.168.1.2"]);
  vote(OURS, 8);
  assert.equal(counts.doubts, 0);
  reach.vote("45.99.1.1", parseAddress(NEXT)!);
  assert.deepEqual(counts, { doubts: 1, moves: 0 });
  assert.equal(reach.status.ipv4.external!.address, OURS);
});

Deno.test("only connections from outside count as such", () => {
  const { reach, vote } = begin();
  reach.setHostAddresses(["192.168.1.2", "2a00:1:1::2"]);
  vote(OURS);
  for (
    const host of ["127.0.0.1", "::ffff:192.168.1.9", "10.0.0.1", OURS, "2a00:1:1::2", "fe80::1"]
  ) reach.noteIncoming(host);
  assert.equal(reach.status.ipv4.reachable, "no");
  assert.equal(reach.status.ipv6!.incoming.connections, 0);
  reach.noteIncoming("::ffff:5.200.0.1");
  assert.deepEqual(reach.status.ipv4.incoming.connections, 1);
  reach.noteIncoming("2a00:2:2::2");
  assert.equal(reach.status.ipv6!.incoming.connections, 1);
  assert.equal(reach.status.reachable, "yes");
});

Deno.test("a test network uses IPv6 for ::1 alone, and only if a bootstrap node is there", () => {
  const use = (allowLocal: boolean, ...hosts: string[]) =>
    ipv6Use({ allowLocal, bootstrap: hosts.map((host) => ({ host })) });
  assert.equal(use(true, "127.0.0.1", "::1"), "loopback");
  assert.equal(use(true, "127.0.0.1"), "none");
  assert.equal(use(true), "none");
  assert.equal(use(true, "127.0.0.1", "5.1.1.1"), "public");
  assert.equal(use(true, "::1", "2a01:4f8::1"), "public");
  assert.equal(use(false, "127.0.0.1"), "public");
});

Deno.test("in a test network, IPv6 is there if this machine has ::1, whatever else it has", () => {
  for (const [usesIpv6For, expected] of [["loopback", true], ["none", false]] as const) {
    const { reach, ipv6 } = begin({ usesIpv6For });
    reach.setHostAddresses(["::1", "2a01:4f8::1", OURS]);
    reach.setHostAddresses(["127.0.0.1", "2a01:4f8::1", OURS]);
    assert.deepEqual(ipv6, [expected, false]);
  }
});

Deno.test("visitors before a change of the network still count in all", () => {
  const { reach, vote } = begin();
  reach.setHostAddresses(["192.168.1.2", "2a00:1:1::2"]);
  const all = () => {
    const { ipv4, ipv6, earlierIncoming = 0 } = reach.status;
    return ipv4.incoming.connections + (ipv6?.incoming.connections ?? 0) + earlierIncoming;
  };
  vote(OURS);
  reach.noteIncoming("5.200.0.1");
  reach.noteIncoming("2a00:2:2::2");
  vote(NEXT, MAX_VOTERS);
  assert.equal(reach.status.ipv4.incoming.connections, 0);
  assert.equal(all(), 2);
  reach.setHostAddresses(["192.168.1.2"]);
  reach.noteIncoming("5.200.0.1");
  assert.equal(all(), 3);
});
