/**
 * What the worker of the compiled program cannot do, tried from inside it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { freePort, spawnCli, type TemporaryHome, temporaryHome } from "../support/mod.ts";
import { kinds, type Prey } from "./probe/attempts.ts";
import { binary, binaryTest, buildProbe, keyPath, makeKey } from "./support.ts";

/**
 * How Deno says that a permission is missing, which Node's functions pass on in ways of their own; and
 * how V8 says that text is no program.
 */
const refused = /^(NotCapable|EvalError): |^(Type)?Error: (.*Requires .+ access|send UNKNOWN)/;
/** How the worker's own code says that something is no archive. */
const noFile = /is a link or no regular file$/;

let directory: TemporaryHome;
let probe: string;

if (binary !== "") {
  Deno.test.beforeAll(async () => {
    directory = await temporaryHome();
    probe = await buildProbe(directory.path);
  });
  Deno.test.afterAll(() => directory.remove());
}

/** Somebody who listens on this machine, TCP over IPv4 and IPv6, as a service of its owner might. */
function localService(port: number): Disposable {
  const listeners = ["127.0.0.1", "::1"].map((hostname) => Deno.listen({ hostname, port }));
  return { [Symbol.dispose]: () => listeners.forEach((listener) => listener.close()) };
}

/**
 * Runs the daemon with the hostile worker, has it try everything, and returns what came of it, and
 * the permissions that the main thread has kept.
 */
async function tryAll(
  flags: string[],
): Promise<{ outcomes: Record<string, string>; kept: string[] }> {
  await using home = await temporaryHome();
  await makeKey(home.path);
  const seedDirectory = join(home.path, "seed");
  await Deno.mkdir(seedDirectory);
  await using neighbour = new Deno.Command("sleep", { args: ["60"] }).spawn();
  const prey: Prey = {
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
  await Deno.writeTextFile(prey.ownFile, "mine");
  await Deno.writeTextFile(join(home.path, "evil.js"), "");
  await Deno.symlink(keyPath(home.path), prey.linkToKey);
  await Deno.symlink(join(home.path, "keys"), prey.linkToDirectory);
  using _service = localService(prey.localPort);
  const key = await Deno.readTextFile(keyPath(home.path));

  await using daemon = spawnCli(
    ["seed", "--port", `${prey.ownPort}`, "--no-dht", ...flags],
    { home, program: [probe], env: { PROBE_PREY: JSON.stringify(prey) } },
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

/** The outcomes of one kind that are not as they should be. */
function others(outcomes: Record<string, string>, kind: keyof typeof kinds, expected: RegExp) {
  return Object.keys(kinds[kind]).filter((name) => !expected.test(outcomes[name] ?? "not tried"))
    .map((name) => `${name}: ${outcomes[name]}`);
}

binaryTest(
  "the worker of the compiled program is refused all but its port and its directory",
  async () => {
    const { outcomes, kept } = await tryAll([]);
    assert.deepEqual(others(outcomes, "forbidden", refused), []);
    assert.deepEqual(others(outcomes, "local", refused), []);
    assert.deepEqual(others(outcomes, "link", noFile), []);
    assert.deepEqual(others(outcomes, "open", /^succeeded/), []);
    // And the main thread keeps what it works on files with.
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
  const marks = ["PROBE_PREY", "PROBE_MESSAGES", "link the key into the seed directory"];
  const holds = async (path: string) => {
    const bytes = new TextDecoder("latin1").decode(await Deno.readFile(path));
    return marks.map((mark) => bytes.includes(mark));
  };
  assert.deepEqual(await holds(probe), [true, true, true]);
  assert.deepEqual(await holds(binary), [false, false, false]);
});
