/**
 * Tests the gate's thread of the compiled program. Hostile code in the thread tries to escape, and
 * the test asks the gate for addresses that it must refuse.
 */

import assert from "node:assert/strict";
import { spawnCli } from "../support/mod.ts";
import { forbidden } from "./probe/gate_attempts.ts";
import type { Probed } from "./probe/hear.ts";
import { binaryTest, probeForFile, refused } from "./support.ts";
import { makeWorld } from "./world.ts";

const hosts = [
  ...["127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254"],
  ...["::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::127.0.0.1", "fe80::1", "fc00::1"],
  ...["64:ff9b::a00:1", "2002:0a00:0001::1", "2001:db8::1", "ff02::1", "localhost"],
];

const probe = probeForFile();

for (
  const [when, variables] of [["", {}], [" after it has loaded Node", { PROBE_UDP: "1" }]] as const
) {
  binaryTest(
    `the gate of the compiled program may use only the network, and refuses forbidden hosts${when}`,
    async () => {
      await using world = await makeWorld();
      const { localPort } = world.targets;
      const addresses = hosts.map((host) => ({ host, port: localPort }));
      await using program = spawnCli(["gate"], {
        program: [probe.path],
        env: { ...world.env, ...variables, PROBE_GATE: JSON.stringify(addresses) },
      });
      const [, errors] = await program.waitForLine(/^refused (.*)$/, "stderr");
      assert.deepEqual(JSON.parse(errors!), hosts.map(() => "ADDRESS_REFUSED"));
      program.kill("SIGUSR1");
      const [, json] = await program.waitForLine(/^probed gate 1 (.*)$/, "stderr");
      const { outcomes, examined }: Probed = JSON.parse(json!);
      const others = Object.keys(forbidden).filter((name) => !refused.test(outcomes[name] ?? ""));
      assert.deepEqual(others.map((name) => `${name}: ${outcomes[name]}`), []);
      assert.deepEqual(examined.extra, []);
      await world.check();
    },
  );
}
