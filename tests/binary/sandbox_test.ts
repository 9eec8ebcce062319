/**
 * Tests the sandbox of the compiled program's worker, by attempts to escape from inside the worker.
 */

import assert from "node:assert/strict";
import { spawnCli } from "../support/mod.ts";
import { kinds } from "./probe/engine_attempts.ts";
import type { Probed } from "./probe/hear.ts";
import { binary, binaryTest, probeForFile, refused } from "./support.ts";
import { makeWorld } from "./world.ts";

/** Matches the error of the worker's own code for a path that is a link or no regular file. */
const noFile = /is a link, has more than one name, or is no regular file$/;

const probe = probeForFile();

/**
 * Runs the daemon with a hostile engine. Returns the outcomes of the engine's attempts, and the
 * permissions of the launcher.
 */
async function tryAll(flags: string[]): Promise<Probed & { kept: string[] }> {
  await using world = await makeWorld();
  await using daemon = spawnCli(
    ["seed", "--port", `${world.targets.ownPort}`, "--no-dht", ...flags],
    { program: [probe.path], env: world.env },
  );
  await daemon.waitForLine(/^ready/, "stdout");
  daemon.kill("SIGUSR1");
  const [, kept] = await daemon.waitForLine(/^kept (.*)$/, "stderr");
  const [, probed] = await daemon.waitForLine(/^probed engine 1 (.*)$/, "stderr");
  daemon.kill("SIGTERM");
  assert.equal((await daemon.result).code, 0);
  await world.check();
  return { ...JSON.parse(probed!), kept: JSON.parse(kept!) };
}

/** Returns the attempts of one kind whose outcome does not match the expected outcome. */
function others(outcomes: Record<string, string>, kind: keyof typeof kinds, expected: RegExp) {
  return Object.keys(kinds[kind]).filter((name) => !expected.test(outcomes[name] ?? "not tried"))
    .map((name) => `${name}: ${outcomes[name]}`);
}

binaryTest(
  "the worker of the compiled program may use only its port and the seed directory",
  async () => {
    const { outcomes, examined, kept } = await tryAll([]);
    assert.deepEqual(others(outcomes, "forbidden", refused), []);
    assert.deepEqual(others(outcomes, "local", refused), []);
    assert.deepEqual(others(outcomes, "link", noFile), []);
    assert.deepEqual(others(outcomes, "open", /^succeeded/), []);
    assert.deepEqual([examined.missing, examined.extra], [[], []]);
    assert(examined.entries > 0);
    // Unlike the engine, the launcher keeps access to files and to the network, because it has to
    // grant this access to threads that start later.
    assert.deepEqual(kept, ["read", "write", "net"]);
  },
);

binaryTest(
  "--allow-local opens loopback and private networks to the worker, and nothing else",
  async () => {
    const { outcomes } = await tryAll(["--allow-local"]);
    assert.deepEqual(others(outcomes, "local", /^succeeded/), []);
    assert.deepEqual(others(outcomes, "forbidden", refused), []);
    assert.deepEqual(others(outcomes, "link", noFile), []);
  },
);

binaryTest("the released program contains no probe", async () => {
  const marks = ["PROBE_TARGETS", "PROBE_MESSAGES", "link the key into the seed directory"];
  const holds = async (path: string) => {
    const bytes = new TextDecoder("latin1").decode(await Deno.readFile(path));
    return marks.map((mark) => bytes.includes(mark));
  };
  assert.deepEqual(await holds(probe.path), [true, true, true]);
  assert.deepEqual(await holds(binary), [false, false, false]);
});
