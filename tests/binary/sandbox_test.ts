/**
 * Tests the sandbox of the compiled program's worker, by attempts to escape from inside the worker.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { freePort, spawnCli, type TemporaryHome, temporaryHome } from "../support/mod.ts";
import { kinds, type ProbeTargets } from "./probe/attempts.ts";
import { binary, binaryTest, buildProbe, keyPath, makeKey } from "./support.ts";

/**
 * Matches errors of a missing permission, as Deno or Node's functions report them, and V8's error
 * for evaluating text as code.
 */
const refused = /^(NotCapable|EvalError): |^(Type)?Error: (.*Requires .+ access|send UNKNOWN)/;
/** Matches the error of the worker's own code for a path that is a link or no regular file. */
const noFile = /is a link, has more than one name, or is no regular file$/;

let directory: TemporaryHome;
let probe: string;

if (binary !== "") {
  Deno.test.beforeAll(async () => {
    directory = await temporaryHome();
    probe = await buildProbe(directory.path);
  });
  Deno.test.afterAll(() => directory.remove());
}

/** Starts a local server on a TCP port, over IPv4 and IPv6. */
function localService(port: number): Disposable {
  const listeners = ["127.0.0.1", "::1"].map((hostname) => Deno.listen({ hostname, port }));
  return { [Symbol.dispose]: () => listeners.forEach((listener) => listener.close()) };
}

/**
 * Runs the daemon with a hostile worker. Returns the outcomes of the worker's attempts, and the
 * permissions of the main thread.
 */
async function tryAll(
  flags: string[],
): Promise<{ outcomes: Record<string, string>; kept: string[] }> {
  await using home = await temporaryHome();
  await makeKey(home.path);
  const seedDirectory = join(home.path, "seed");
  await Deno.mkdir(seedDirectory);
  await using neighbour = new Deno.Command("sleep", { args: ["60"] }).spawn();
  const targets: ProbeTargets = {
    ownPort: await freePort(),
    freePort: await freePort(),
    localPort: await freePort(),
    pid: neighbour.pid,
    home: home.path,
    seedDirectory,
    ownFile: join(seedDirectory, "readable"),
    linkToKey: join(seedDirectory, "key"),
    linkToDirectory: join(seedDirectory, "keys"),
  };
  await Deno.writeTextFile(targets.ownFile, "mine");
  await Deno.writeTextFile(join(home.path, "evil.js"), "");
  await Deno.symlink(keyPath(home.path), targets.linkToKey);
  await Deno.symlink(join(home.path, "keys"), targets.linkToDirectory);
  using _service = localService(targets.localPort);
  const key = await Deno.readTextFile(keyPath(home.path));

  await using daemon = spawnCli(
    ["seed", "--port", `${targets.ownPort}`, "--no-dht", ...flags],
    { home, program: [probe], env: { PROBE_TARGETS: JSON.stringify(targets) } },
  );
  await daemon.waitForLine(/^ready/, "stdout");
  daemon.kill("SIGUSR1");
  const [, kept] = await daemon.waitForLine(/^kept (.*)$/, "stderr");
  const [, outcomes] = await daemon.waitForLine(/^probed (.*)$/, "stderr");
  daemon.kill("SIGTERM");
  assert.equal((await daemon.result).code, 0);

  assert.equal(
    await Deno.readTextFile(keyPath(home.path)),
    key,
    "the key was written through a link",
  );
  const left = [...Deno.readDirSync(home.path)].map(({ name }) => name);
  assert(!left.includes("evil"), "a file was made outside the seed directory");
  return { outcomes: JSON.parse(outcomes!), kept: JSON.parse(kept!) };
}

/** Returns the attempts of one kind whose outcome does not match the expected outcome. */
function others(outcomes: Record<string, string>, kind: keyof typeof kinds, expected: RegExp) {
  return Object.keys(kinds[kind]).filter((name) => !expected.test(outcomes[name] ?? "not tried"))
    .map((name) => `${name}: ${outcomes[name]}`);
}

binaryTest(
  "the worker of the compiled program may use only its port and the seed directory",
  async () => {
    const { outcomes, kept } = await tryAll([]);
    assert.deepEqual(others(outcomes, "forbidden", refused), []);
    assert.deepEqual(others(outcomes, "local", refused), []);
    assert.deepEqual(others(outcomes, "link", noFile), []);
    assert.deepEqual(others(outcomes, "open", /^succeeded/), []);
    // Unlike the worker, the main thread keeps its access to files.
    assert.deepEqual(kept, ["read", "write"]);
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

binaryTest("the program that is shipped has no probe inside", async () => {
  const marks = ["PROBE_TARGETS", "PROBE_MESSAGES", "link the key into the seed directory"];
  const holds = async (path: string) => {
    const bytes = new TextDecoder("latin1").decode(await Deno.readFile(path));
    return marks.map((mark) => bytes.includes(mark));
  };
  assert.deepEqual(await holds(probe), [true, true, true]);
  assert.deepEqual(await holds(binary), [false, false, false]);
});
