/** Tests the verdict about our reachability, and its words. */

import assert from "node:assert/strict";
import {
  describeReachability,
  isSameReachability,
  type Measurements,
  reachabilityOf,
} from "../../../src/reachability/mod.ts";
import type { PortMappingStatus } from "../../../src/router/mod.ts";

const OUTSIDE = "5.9.1.2";
const none = { connections: 0 };
const some = { connections: 3, lastMs: 1 };

function measured(more: Partial<Measurements> = {}): Measurements {
  return {
    port: 6881,
    hostAddresses: ["127.0.0.1", "192.168.1.5", "::1", "fe80::1"],
    external4: undefined,
    external6: undefined,
    incoming4: none,
    incoming6: none,
    portMapping: undefined,
    pinhole: undefined,
    ...more,
  };
}

const votes = (address: string) => ({ address, votes: 8, of: 8 });

function mapped(externalAddress: string): PortMappingStatus {
  return {
    sinceMs: 1,
    routerAddress: externalAddress,
    mapping: { protocol: "PCP", externalAddress, externalPort: 50_000 },
  };
}

const refused = { sinceMs: 1, error: { code: "NO_ROUTER", message: "no router answered" } };

/** Returns placement, verdict and words. */
function verdict(more: Partial<Measurements>) {
  const status = reachabilityOf(measured(more));
  const { what, mend } = describeReachability(status);
  return { placement: status.ipv4.placement, reachable: status.reachable, what, mend, status };
}

Deno.test("without votes nothing is claimed", () => {
  for (const portMapping of [undefined, { sinceMs: 1 }, refused]) {
    const { placement, reachable, mend } = verdict({ portMapping });
    assert.deepEqual([placement, reachable, mend], ["unknown", "unknown", undefined]);
  }
  assert.equal(verdict({ hostAddresses: undefined }).placement, "unknown");
  assert.equal(
    verdict({ hostAddresses: undefined, external4: votes(OUTSIDE) }).reachable,
    "unknown",
  );
});

Deno.test("an interface with the external address is public, and a firewall stays unknown", () => {
  const hostAddresses = ["127.0.0.1", OUTSIDE];
  const { placement, reachable, what } = verdict({ hostAddresses, external4: votes(OUTSIDE) });
  assert.deepEqual([placement, reachable], ["public", "unknown"]);
  assert.match(what, /public address \(5\.9\.1\.2 by 8 of 8 networks\); no peer outside has/);
  assert.equal(verdict({ hostAddresses }).placement, "public");
});

Deno.test("behind NAT, a machine without a mapping cannot be reached, and is told what to forward", () => {
  for (const portMapping of [undefined, refused]) {
    const { placement, reachable, what, mend } = verdict({
      external4: votes(OUTSIDE),
      portMapping,
    });
    assert.deepEqual([placement, reachable], ["nat", "no"]);
    assert.match(what, /behind NAT .*no router has opened port 6881/);
    assert.equal(mend, "forward TCP and UDP port 6881 to 192.168.1.5 in the router");
  }
});

Deno.test("while the router has not answered, nothing is said against it", () => {
  const { reachable } = verdict({ external4: votes(OUTSIDE), portMapping: { sinceMs: 1 } });
  assert.equal(reachable, "unknown");
});

Deno.test("a port that the router has opened at the external address is mapped", () => {
  const both = { external4: votes(OUTSIDE), portMapping: mapped(OUTSIDE) };
  const { placement, reachable, what } = verdict(both);
  assert.deepEqual([placement, reachable], ["mapped", "unknown"]);
  assert.match(what, /the router has opened 5\.9\.1\.2:50000/);
  assert.equal(verdict({ portMapping: mapped(OUTSIDE) }).placement, "mapped");
});

Deno.test("a router whose address is shared, private or not the voted one is behind a second NAT", () => {
  const seen = { external4: votes(OUTSIDE) };
  const shared = verdict({ ...seen, portMapping: mapped("100.64.3.4") });
  assert.deepEqual([shared.placement, shared.reachable], ["carrier-nat", "no"]);
  assert.match(shared.what, /100\.64\.3\.4, which a provider shares/);
  assert.match(shared.mend!, /use IPv6/);
  for (const address of ["10.0.0.2", "5.9.77.77"]) {
    assert.equal(verdict({ ...seen, portMapping: mapped(address) }).placement, "carrier-nat");
  }
  assert.equal(verdict({ portMapping: mapped("100.64.3.4") }).placement, "carrier-nat");
  const closed = verdict({ ...seen, portMapping: { ...refused, routerAddress: "100.64.3.4" } });
  assert.deepEqual([closed.placement, closed.reachable], ["carrier-nat", "no"]);
  const open = verdict({ ...seen, portMapping: { ...refused, routerAddress: OUTSIDE } });
  assert.equal(open.placement, "nat");
  const offline = { sinceMs: 1, error: { code: "ROUTER_OFFLINE", message: "no address" } };
  const silent = verdict({ ...seen, portMapping: offline });
  assert.deepEqual([silent.placement, silent.reachable], ["carrier-nat", "no"]);
  assert.match(silent.what, /the home router has no public address of its own/);
  assert.equal(verdict({ portMapping: offline }).placement, "unknown");
  const modem = verdict({ ...seen, hostAddresses: ["100.64.3.4"], portMapping: refused });
  assert.deepEqual([modem.placement, modem.reachable], ["carrier-nat", "no"]);
});

Deno.test("a peer that came in proves more than any measurement", () => {
  const { reachable, what, mend } = verdict({
    external4: votes(OUTSIDE),
    portMapping: refused,
    incoming4: some,
  });
  assert.deepEqual([reachable, mend], ["yes", undefined]);
  assert.match(what, /peers outside have connected/);
});

Deno.test("IPv6 counts: a public address there leaves the verdict open", () => {
  const { status, reachable, what } = verdict({
    hostAddresses: ["192.168.1.5", "2a00:1:2::5"],
    external4: votes(OUTSIDE),
  });
  assert.deepEqual([status.ipv4.reachable, status.ipv6?.placement], ["no", "public"]);
  assert.equal(reachable, "unknown");
  assert.match(what, /IPv6: this machine has a public address/);
  const came = verdict({ external4: votes(OUTSIDE), incoming6: some });
  assert.equal(came.reachable, "yes");
});

Deno.test("of a machine without IPv4, only IPv6 is told", () => {
  const wordsOf = (...addresses: string[]) =>
    verdict({ hostAddresses: ["127.0.0.1", "::1", ...addresses] }).what;
  const only = wordsOf("2a00:1:2::5");
  assert.match(only, /^this machine has no IPv4 address\. IPv6: this machine has a public address/);
  for (const address of ["192.168.1.5", "100.64.0.7", "5.9.1.2"]) {
    assert.doesNotMatch(wordsOf("2a00:1:2::5", address), /no IPv4 address/, address);
  }
  assert.doesNotMatch(wordsOf(), /no IPv4 address/, "nothing is known of IPv6 either");
  const voted = verdict({ hostAddresses: ["2a00:1:2::5"], external4: votes(OUTSIDE) }).what;
  assert.doesNotMatch(voted, /no IPv4 address/, "others see an address of IPv4");
});

Deno.test("over IPv6 the router's pinhole counts, and its absence is told of with what to let in", () => {
  const home = { hostAddresses: ["192.168.1.5", "2a00:1:2::5"], external4: votes(OUTSIDE) };
  const asked = verdict({ ...home, pinhole: { sinceMs: 1 } });
  assert.equal(asked.status.ipv6?.pinhole, undefined);
  assert.doesNotMatch(asked.what, /pinhole/);
  const died = { sinceMs: 1, error: { code: "GATE_DIED", message: "by the test" } };
  assert.equal(verdict({ ...home, pinhole: died }).status.ipv6?.pinhole, undefined);
  const closed = verdict({ ...home, portMapping: refused, pinhole: refused });
  assert.deepEqual([closed.status.ipv6?.pinhole, closed.reachable], ["none", "unknown"]);
  assert.match(
    closed.what,
    /\(2a00:1:2::5\), and no router has opened a pinhole for port 6881; most/,
  );
  assert.equal(
    closed.mend,
    "forward TCP and UDP port 6881 to 192.168.1.5 in the router; " +
      "let TCP and UDP port 6881 of 2a00:1:2::5 in at the router's firewall for IPv6",
  );
  const opened = verdict({ ...home, portMapping: refused, pinhole: mapped("2a00:1:2::5") });
  assert.match(opened.what, /\(2a00:1:2::5\), and the router lets port 6881 in; no peer outside/);
  assert.doesNotMatch(opened.mend!, /IPv6/);
  assert.ok(!isSameReachability(opened.status, closed.status));
  const came = verdict({ ...home, pinhole: refused, incoming6: some });
  assert.deepEqual([came.reachable, came.mend], ["yes", undefined]);
});

Deno.test("counts are no other finding, a first connection is", () => {
  const at = (more: Partial<Measurements>) => reachabilityOf(measured(more));
  const first = at({ external4: votes(OUTSIDE), incoming4: some });
  assert.ok(isSameReachability(
    first,
    at({
      external4: { address: OUTSIDE, votes: 5, of: 9 },
      incoming4: { connections: 9, lastMs: 7 },
    }),
  ));
  assert.ok(!isSameReachability(first, at({ external4: votes(OUTSIDE) })));
  assert.ok(!isSameReachability(first, at({ external4: votes("5.9.1.3"), incoming4: some })));
});
