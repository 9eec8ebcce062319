/** Tests the state of the DHT for a program that is bound to an address of IPv6. */

import assert from "node:assert/strict";
import { DhtHosts, type DhtState } from "../../../../src/engine/dht/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { FakeSocket } from "../../../support/fake_socket.ts";

function boundToIpv6(createSocket6?: () => ReturnType<FakeSocket["asSocket"]>) {
  const states: DhtState["state"][] = [];
  const hosts = new DhtHosts({
    ...{ clock: new FakeClock(), bootstrap: [], hasIpv4: false },
    createSocket: () => new FakeSocket().asSocket(),
    createSocket6,
    onState: ({ state }) => states.push(state),
  });
  return { hosts, states };
}

Deno.test("without a node of IPv4, the DHT starts until that of IPv6 has its socket", async () => {
  const { hosts, states } = boundToIpv6(() => new FakeSocket().asSocket());
  try {
    assert.equal(hosts.state.state, "starting");
    await hosts.useIpv6(true, 7_000);
    assert.equal(hosts.state.state, "on");
    assert.ok(!states.includes("off"), states.join());
  } finally {
    hosts.close();
  }
});

Deno.test("without a node of either family, the DHT is off, and it is said why", async () => {
  const { hosts, states } = boundToIpv6(() => new FakeSocket().asSocket());
  try {
    await hosts.useIpv6(false, 7_000);
    const { state } = hosts;
    assert.equal(state.state, "off");
    assert.equal(states.at(-1), "off");
    assert.match((state as { why: string }).why, /bound to an address of IPv6/);
  } finally {
    hosts.close();
  }
});

Deno.test("without a way to open sockets of IPv6, the DHT is off at once", () => {
  const { hosts } = boundToIpv6();
  assert.equal(hosts.state.state, "off");
  hosts.close();
});
