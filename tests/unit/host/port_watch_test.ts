/** The state of our port in the home router, as the user is told it. */

import assert from "node:assert/strict";
import type { Family } from "../../../src/base/mod.ts";
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

function listen(family: Family = 4) {
  const said: string[] = [];
  const watch = new PortWatch({
    onNotice: (message) => said.push(`notice: ${message}`),
    onWarning: (message) => said.push(`warning: ${message}`),
  }, family);
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

Deno.test("a port of IPv6 is told of as such, also when the gateway of IPv6 is gone", () => {
  const { said, hear } = listen(6);
  hear({ sinceMs: 1, mapping: { ...mapping, externalAddress: "2a00:5::2" } });
  hear(undefined);
  hear({ sinceMs: 2, error: none });
  assert.deepEqual(said.slice(0, 2), [
    "notice: the router has opened a port of IPv6: [2a00:5::2]:6881 by PCP",
    "warning: the router no longer keeps a port of IPv6 open: the gateway is another one",
  ]);
  assert.equal(said.length, 2, "the loss is told of once");
  const other = listen(6);
  other.hear({ sinceMs: 1, error: none });
  assert.match(
    other.said[0]!,
    /^notice: no router has opened a port of IPv6: .* over IPv6, unless/,
  );
});
