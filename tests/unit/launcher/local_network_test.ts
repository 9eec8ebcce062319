/** Tests whether a process uses the home router and the local network. */

import assert from "node:assert/strict";
import type { Settings } from "../../../src/config/mod.ts";
import { mapsPort, usesLan } from "../../../src/launcher/mod.ts";

function hostPort(text: string): { host: string; port: number } {
  const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(text)!;
  return { host: host!, port: Number(port) };
}

Deno.test("no router is used in a test network, or if the setting is off", () => {
  const maps = (portMapping: boolean, allowLocal: boolean, ...bootstrap: string[]) =>
    mapsPort(
      {
        portMapping,
        allowLocal,
        bootstrap: bootstrap.map(hostPort),
      } as Settings,
    );
  assert.equal(maps(true, false, "router.example:6881"), true);
  assert.equal(maps(true, false), true);
  assert.equal(maps(true, true, "router.example:6881"), true);
  assert.equal(maps(true, true, "127.0.0.1:47110", "router.example:6881"), true);
  assert.equal(maps(true, true, "127.0.0.1:47110", "localhost:6881"), false);
  assert.equal(maps(true, true, "[::1]:47110"), false);
  assert.equal(maps(true, true, "[::1]:47110", "[2a01:4f8::1]:6881"), true);
  assert.equal(maps(true, true), false);
  assert.equal(maps(false, false, "router.example:6881"), false);
});

Deno.test("the local network is not searched in a test network, or if the setting is off", () => {
  const uses = (lan: boolean, allowLocal: boolean, ...bootstrap: string[]) =>
    usesLan({ lan, allowLocal, bootstrap: bootstrap.map(hostPort) } as Settings);
  assert.equal(uses(true, false), true);
  assert.equal(uses(true, true, "router.example:6881"), true);
  assert.equal(uses(true, true, "127.0.0.1:47110"), false);
  assert.equal(uses(false, false, "router.example:6881"), false);
});
