/**
 * Tests a helper thread of the compiled program, which compresses and hashes. Hostile code in the
 * thread tries to escape.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { runCli } from "../support/mod.ts";
import { forbidden, local } from "./probe/common_attempts.ts";
import { databases } from "./probe/database_attempts.ts";
import type { Probed } from "./probe/hear.ts";
import { noise } from "../support/package_archives.ts";
import { binaryTest, probeForFile, refused } from "./support.ts";
import { makeWorld } from "./world.ts";

/** Number of bytes that do not shrink, more than a pack compresses and hashes without a helper. */
const LONG_BYTES = 40 << 20;

const probe = probeForFile();

binaryTest(
  "a helper of the compiled program may use its files and nothing else",
  async () => {
    await using world = await makeWorld();
    await Deno.mkdir(join(world.project, "long"));
    await Deno.writeFile(join(world.project, "long", "noise"), noise(LONG_BYTES, 1));
    const { code, stderr } = await runCli(["pack", "long", "--name=long", "--version=1.0.0"], {
      program: [probe.path],
      cwd: world.project,
      env: { ...world.env, PROBE_AT: "helper" },
    });
    assert.equal(code, 0, stderr);
    const all = stderr.matchAll(/^probed helper \d+ (.*)$/gm).map(([, json]): Probed =>
      JSON.parse(json!)
    ).toArray();
    assert(all.length > 0, stderr);
    for (const { outcomes, examined } of all) {
      const attempts = Object.keys({ ...forbidden, ...databases, ...local });
      const others = attempts.filter((name) => !refused.test(outcomes[name] ?? "not tried"));
      assert.deepEqual(others.map((name) => `${name}: ${outcomes[name]}`), []);
      assert.deepEqual([examined.missing, examined.extra], [[], []]);
    }
    assert(all.some(({ examined }) => examined.entries > 0), "one helper has files");
    await world.check();
  },
  { ignore: navigator.hardwareConcurrency < 2 },
);
