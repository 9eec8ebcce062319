/**
 * Tests that a daemon warns while no DHT node answers, and reports the first answer. The clock's
 * timers run a hundred times as fast.
 */

import assert from "node:assert/strict";
import { type Clock, systemClock } from "../../../src/base/mod.ts";
import { loadSettings } from "../../../src/config/mod.ts";
import { Host } from "../../../src/host/host.ts";
import { localRequests } from "../../../src/launcher/mod.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { eventually } from "../../support/engines.ts";
import { freePort, temporaryHome } from "../../support/mod.ts";

const hasty: Clock = {
  now: systemClock.now,
  after: (delayMs, fire) => systemClock.after(delayMs / 100, fire),
};

Deno.test("a daemon without a network warns once that no node answers, and once when one does", async () => {
  await using home = await temporaryHome();
  const port = await freePort();
  const { values: settings } = await loadSettings({
    flags: { home: home.path, port: "0", bootstrap: [`127.0.0.1:${port}`], "allow-local": true },
    ...{ env: {}, cwd: home.path, userHome: home.path },
    readFile: () => Promise.resolve(undefined),
  });
  const said: string[] = [];
  const host = await Host.start({
    launcher: localRequests(),
    settings,
    clock: hasty,
    daemon: true,
    listeners: {
      onNotice: (message) => said.push(message),
      onWarning: (message) => said.push(message),
      onFailure: (error) => said.push(error.message),
    },
  });
  try {
    await eventually(() => said.length > 0, "it is said that no node answers");
    assert.match(said[0]!, /^no DHT node has answered for 30 s/);
    const { dht } = await host.status();
    assert.deepEqual(dht, { state: "on", silent: true });
    await using _testnet = await startTestnet({ nodes: 5, port });
    await eventually(() => said.length > 1, "it is said that nodes answer");
    assert.deepEqual(said.slice(1), ["DHT nodes answer: what is due is announced now"]);
  } finally {
    await host.close(1_000);
  }
});
