/** Tests the choice of the transports, without a socket. */

import assert from "node:assert/strict";
import { Transports, type UtpPort } from "../../../../src/engine/transport/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const utp: UtpPort = {
  traffic: { packetsIn: 0, bytesIn: 0, packetsOut: 0, bytesOut: 0 },
  receiver: undefined,
  send() {},
  admits: () => true,
};

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
