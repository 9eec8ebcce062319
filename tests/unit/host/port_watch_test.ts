/** The state of our port in the home router, as the user is told it. */

import assert from "node:assert/strict";
import { PortWatch } from "../../../src/host/port_watch.ts";
import type { PortMapping } from "../../../src/router/mod.ts";

const mapping: PortMapping = {
  protocol: "PCP",
  externalAddress: "198.51.100.7",
  externalPort: 6_881,
  externalUdpPort: 6_881,
};
const silent = { code: "ROUTER_SILENT", message: "The router does not answer" };
const none = { code: "NO_ROUTER", message: "No router answered" };

function listen() {
  const said: string[] = [];
  const watch = new PortWatch({
    onNotice: (message) => said.push(`notice: ${message}`),
    onWarning: (message) => said.push(`warning: ${message}`),
  });
  return { said, hear: watch.hear };
}

Deno.test("a port that is opened, kept, lost and opened again is told of at each change", () => {
  const { said, hear } = listen();
  hear({ sinceMs: 1, mapping });
  hear({ sinceMs: 1, mapping, error: silent });
  hear({ sinceMs: 1, mapping });
  hear({ sinceMs: 2, error: silent });
  hear({ sinceMs: 2, error: none });
  hear({ sinceMs: 3, mapping: { ...mapping, externalPort: 7_000, externalUdpPort: undefined } });
  assert.deepEqual(said, [
    "notice: the router has opened a port: 198.51.100.7:6881 by PCP",
    "warning: the router no longer keeps a port open: The router does not answer",
    "notice: the router has opened a port: 198.51.100.7:7000 by PCP, TCP only",
  ]);
});

Deno.test("a router that opens no port is told of once", () => {
  const { said, hear } = listen();
  hear({ sinceMs: 1, error: none });
  hear({ sinceMs: 1, error: silent });
  assert.equal(said.length, 1);
  assert.match(said[0]!, /^notice: no router has opened a port: No router answered\. /);
});

Deno.test("after the death of the gate, which the engine tells of, a new port is told of", () => {
  const { said, hear } = listen();
  hear({ sinceMs: 1, mapping });
  hear({ sinceMs: 2, error: { code: "GATE_DIED", message: "The gate's thread died (x)" } });
  assert.equal(said.length, 1);
  hear({ sinceMs: 3, mapping });
  assert.equal(said.length, 2);
  assert.equal(said[0], said[1]);
});
