/** Tests what `/readyz` and `/healthz` say about reachability. */

import assert from "node:assert/strict";
import type { StatusJson } from "../../../../src/control/mod.ts";
import { serveHttpPage } from "../../../../src/host/http/page.ts";
import type { ReachabilityStatus } from "../../../../src/reachability/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const unreachable: ReachabilityStatus = {
  reachable: "no",
  port: 6881,
  ipv4: {
    placement: "nat",
    reachable: "no",
    external: { address: "5.9.1.2", votes: 8, of: 8 },
    incoming: { connections: 0 },
  },
  localAddress: "192.168.1.5",
};

Deno.test("a daemon that cannot be reached is ready all the same, and says what to do", async () => {
  const status = { dht: { state: "on" }, dhtNodes: 9, reachability: unreachable } as StatusJson;
  const page = serveHttpPage({
    address: { host: "127.0.0.1", port: 0 },
    hosts: [],
    operations: {
      settings: () => Promise.resolve([]),
      status: () => Promise.resolve(status),
      records: () => Promise.resolve([]),
      dht: () => Promise.resolve({ families: [] }),
    },
    clock: new FakeClock(),
  });
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${page.address.port}${path}`);
    return { code: answer.status, text: await answer.text() };
  };
  try {
    const ready = await get("/readyz");
    assert.equal(ready.code, 200);
    assert.match(
      ready.text,
      /^ok\nreachable: no: behind NAT .*; forward TCP and UDP port 6881 to 192/,
    );
    assert.deepEqual(await get("/healthz"), { code: 200, text: "ok\n" });
  } finally {
    await page.close();
  }
});
