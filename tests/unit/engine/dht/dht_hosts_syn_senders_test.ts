/** Tests that attempts to connect by uTP are reported from the UDP sockets of both families. */

import assert from "node:assert/strict";
import { DhtHosts } from "../../../../src/engine/dht/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { FakeSocket } from "../../../support/fake_socket.ts";

const ST_SYN = Uint8Array.of(0x41, 0, 0x12, 0x34, ...new Uint8Array(12), 0, 1, 0, 0);

Deno.test("the sender of an ST_SYN is reported, whichever node's socket has received it", async () => {
  const [four, six] = [new FakeSocket(), new FakeSocket()];
  const hosts = new DhtHosts({
    ...{ clock: new FakeClock(), bootstrap: [], hasIpv4: true },
    createSocket: () => four.asSocket(),
    createSocket6: () => six.asSocket(),
  });
  try {
    const senders: string[] = [];
    hosts.onSyn = (host, port) => senders.push(`${host} ${port}`);
    await hosts.four.open(7_000);
    four.receive(ST_SYN, { address: "192.168.1.7", port: 6_881 });
    await hosts.useIpv6(true, 7_000);
    six.receive(ST_SYN, { address: "fd00::7", port: 6_881 });
    assert.deepEqual(senders, ["192.168.1.7 6881", "fd00::7 6881"]);
  } finally {
    hosts.close();
  }
});
