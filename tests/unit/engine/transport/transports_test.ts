/** Tests the choice of the transports, without a socket. */

import assert from "node:assert/strict";
import { carrierOf, Transports, type UtpPort } from "../../../../src/engine/transport/mod.ts";
import { UTP_LIMITS } from "../../../../src/utp/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { FakePeerSocket } from "../../../support/fake_peer_socket.ts";

function makePort(): UtpPort {
  return {
    traffic: { packetsIn: 0, bytesIn: 0, packetsOut: 0, bytesOut: 0 },
    receiver: undefined,
    send() {},
    admits: () => true,
  };
}

const utp = makePort();

const noTcp = () => assert.fail("TCP was dialled");

Deno.test("the TCP port is closed only where uTP alone is wanted, and there is uTP", () => {
  const clock = new FakeClock();
  for (const transport of ["both", "tcp", "utp"] as const) {
    const withUtp = new Transports({ clock, transport, utp });
    assert.equal(withUtp.listensByTcp, transport !== "utp", transport);
    withUtp.close();
    // Without a DHT node there is no socket for uTP.
    assert(new Transports({ clock, transport }).listensByTcp, `${transport}, no socket for uTP`);
  }
});

Deno.test("the limit on uTP connections holds over both families together", () => {
  const transports = new Transports({ clock: new FakeClock(), transport: "utp", utp: makePort() });
  transports.use(6, makePort());
  for (let i = 0; i < UTP_LIMITS.connections; i++) {
    const host = i % 2 === 0 ? `198.51.100.${i >> 2}` : `2a01:4f8::${i}`;
    transports.dial({ host, port: 7_000 + i }, noTcp, true).on("error", () => {});
  }
  assert.equal(transports.status!.connections, UTP_LIMITS.connections);
  for (const host of ["198.51.100.1", "2a01:4f8::1"]) {
    const refused = transports.dial({ host, port: 6_999 }, noTcp, true);
    refused.on("error", () => {});
    assert.ok(refused.destroyed);
  }
  transports.close();
});

Deno.test("no counter of uTP falls when a family's socket ends, or another takes its place", () => {
  const transports = new Transports({ clock: new FakeClock(), utp: makePort() });
  const six = makePort();
  six.traffic.packetsIn = 7;
  six.traffic.bytesOut = 900;
  transports.use(6, six);
  for (const port of [undefined, makePort(), undefined]) {
    transports.use(6, port);
    assert.equal(transports.status!.packetsIn, 7);
    assert.equal(transports.status!.bytesOut, 900);
    assert.equal(six.receiver, undefined);
  }
  transports.close();
});

for (const endsHere of [true, false]) {
  const who = endsHere ? "we close" : "the peer closes";
  const first = endsHere ? "TCP" : "uTP";
  Deno.test(`after a connection of TCP that ${who} without a word, ${first} is dialled first`, () => {
    const transports = new Transports({ clock: new FakeClock(), utp: makePort() });
    const byTcp: FakePeerSocket[] = [];
    const dial = () => {
      const tcp = () => {
        byTcp.push(new FakePeerSocket());
        return byTcp.at(-1)!;
      };
      return transports.dial({ host: "198.51.100.7", port: 7_000 }, tcp, true).on(
        "error",
        () => {},
      );
    };
    const before = dial();
    byTcp[0]!.emit("connect");
    if (endsHere) before.destroy();
    else byTcp[0]!.destroy();
    dial();
    assert.equal(byTcp.length, endsHere ? 2 : 1);
    transports.close();
  });
}

Deno.test("an address is dialled by uTP first on request, and no other of its host", () => {
  const transports = new Transports({ clock: new FakeClock(), utp: makePort() });
  const address = { host: "198.51.100.7", port: 7_000 };
  const tcp = new FakePeerSocket();
  transports.dialUtpFirst(address);
  transports.dial(address, noTcp, true).on("error", () => {}).destroy();
  transports.dialUtpFirst(address);
  const race = transports.dial({ ...address, port: 7_001 }, () => tcp, true);
  tcp.emit("connect");
  assert.equal(carrierOf(race), "tcp");
  transports.close();
});
