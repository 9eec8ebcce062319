/** Tests what the doctor says about reachability. */

import assert from "node:assert/strict";
import type { Settings } from "../../../src/config/mod.ts";
import { checkReachability } from "../../../src/doctor/reachability.ts";
import type { Placement, ReachabilityStatus, Verdict } from "../../../src/reachability/mod.ts";

const settings = { allowLocal: false, bootstrap: [{ host: "45.1.1.1", port: 6881 }] };

function check(placement: Placement, reachable: Verdict, more: { daemon?: boolean } = {}) {
  const external = { address: "5.9.1.2", votes: 8, of: 8 };
  const incoming = { connections: reachable === "yes" ? 1 : 0 };
  const reachability: ReachabilityStatus = {
    reachable,
    port: 6881,
    ipv4: { placement, reachable, external, incoming },
    localAddress: "192.168.1.5",
    router: { address: "5.9.1.2", port: 6881 },
  };
  return checkReachability({ daemon: true, reachability, ...more }, settings as Settings);
}

Deno.test("a daemon that nobody can reach fails a check of the network, with what to do", () => {
  for (const placement of ["nat", "carrier-nat"] as const) {
    const found = check(placement, "no")!;
    assert.deepEqual([found.verdict, found.about, found.name], ["fail", "network", "reachable"]);
    assert.match(found.mend!, placement === "nat" ? /^forward TCP and UDP port 6881/ : /IPv6/);
  }
});

Deno.test("a daemon that was reached passes, wherever it stands", () => {
  for (const placement of ["nat", "carrier-nat", "unknown", "public", "mapped"] as const) {
    assert.equal(check(placement, "yes")!.verdict, "ok");
  }
});

Deno.test("a public or mapped daemon passes before a peer came, an unknown one is a warning", () => {
  for (const placement of ["public", "mapped"] as const) {
    assert.equal(check(placement, "unknown")!.verdict, "ok");
  }
  assert.equal(check("unknown", "unknown")!.verdict, "warn");
});

Deno.test("a daemon without IPv4 is judged by IPv6 alone", () => {
  const verdictWith = (pinhole?: "open" | "none") => {
    const unknown = { reachable: "unknown" as const, incoming: { connections: 0 } };
    const reachability: ReachabilityStatus = {
      reachable: "unknown",
      port: 6881,
      ipv4: { placement: "unknown", ...unknown },
      ipv6: {
        placement: "public",
        address: "2a00:1:2::5",
        ...unknown,
        ...(pinhole && { pinhole }),
      },
    };
    return checkReachability({ daemon: true, reachability }, settings as Settings)!.verdict;
  };
  assert.equal(verdictWith(), "ok");
  assert.equal(verdictWith("open"), "ok");
  assert.equal(verdictWith("none"), "warn");
});

Deno.test("a command that is the host, and a test network, have no such check", () => {
  assert.equal(check("nat", "no", { daemon: false }), undefined);
  const local = { allowLocal: true, bootstrap: [{ host: "127.0.0.1", port: 6881 }] };
  const reachability = { reachable: "no" } as ReachabilityStatus;
  assert.equal(checkReachability({ daemon: true, reachability }, local as Settings), undefined);
});
