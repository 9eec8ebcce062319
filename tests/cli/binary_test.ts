/**
 * Tests the compiled program as a user has it after a download: without the sources, without
 * environment variables, in another directory, as another user. The tests are registered only if
 * `LIBRESEED_BIN` names a program.
 */

import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import manifest from "../../deno.json" with { type: "json" };
import { startTestnet, type Testnet } from "../../src/testnet/mod.ts";
import { type CliResult, freePort, runCli, spawnCli } from "../support/mod.ts";

const binary = Deno.env.get("LIBRESEED_BIN");
/** User id of `nobody` on Debian. On other systems the id need not belong to any user. */
const NOBODY = 65_534;

/** A copy of the program in a directory of a user who has no other rights. */
interface Visitor extends AsyncDisposable {
  /** Command line of the program, without its arguments. */
  program: string[];
  dir: string;
  /** The only directory in which the program may create temporary files. */
  temporary: string;
}

async function visitor(): Promise<Visitor> {
  await using stack = new AsyncDisposableStack();
  const top = await Deno.makeTempDir({ prefix: "libreseed-binary-" });
  stack.defer(() => Deno.remove(top, { recursive: true }));
  const program = join(top, "libreseed");
  const [dir, temporary] = [join(top, "work"), join(top, "tmp")];
  // Copies the program to a public directory, because other users may not have access to the
  // original.
  await Deno.copyFile(resolve(binary!), program);
  await Deno.mkdir(dir, { mode: 0o700 });
  await Deno.mkdir(temporary, { mode: 0o700 });
  for (const path of [top, program]) await Deno.chmod(path, 0o755);
  const otherUser = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  const isRoot = Deno.uid() === 0;
  if (isRoot) { for (const path of [dir, temporary]) await Deno.chown(path, NOBODY, NOBODY); }
  const cleanup = stack.move();
  return {
    program: [...(isRoot ? otherUser : []), "env", "-i", `TMPDIR=${temporary}`, program],
    dir,
    temporary,
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

async function run(args: string[], { program, dir: cwd }: Visitor): Promise<CliResult> {
  const result = await runCli(args, { program, cwd });
  assert.equal(result.code, 0, result.stderr);
  return result;
}

async function onTestnet(testnet: Testnet, home: string): Promise<string[]> {
  const port = await freePort();
  return ["--home", home, "--bootstrap", testnet.bootstrap, "--allow-local", "--port", `${port}`];
}

if (binary) {
  Deno.test("the program prints version and help without an environment, for any user", async () => {
    await using here = await visitor();
    const { stdout, stderr } = await run(["version"], here);
    assert.equal(stdout, `libreseed ${manifest.version}\n`);
    assert.equal(stderr, "");
    const help = await run(["help"], here);
    for (const command of ["keygen", "publish", "seed", "get"]) {
      assert.match(help.stdout, new RegExp(`\\b${command}\\b`));
    }
    assert.equal(help.stderr, "");
  });

  Deno.test("each command explains how to fix files of root in a user's home", async () => {
    await using here = await visitor();
    // Only root can create files that root owns.
    if (Deno.uid() !== 0) return;
    const home = join(here.dir, "home");
    const offline = ["--home", home, "--bootstrap", "none", "--port", "0"];
    await run(["keygen", "--signing-only", "--home", home], here);
    const source = join(here.dir, "source");
    await Deno.mkdir(source);
    await Deno.writeTextFile(join(source, "package.json"), '{"name":"a","version":"1.0.0"}');
    const asRoot = await runCli(["publish", ...offline, source], {
      program: here.program.slice(4),
    });
    assert.equal(asRoot.code, 5, asRoot.stderr);
    const own = (...names: string[]) =>
      Promise.all(names.map((name) => Deno.chown(join(home, name), NOBODY, NOBODY)));
    const hint = /belongs? to root.*sudo chown -R \d+:\d+ \S*home/;
    const refuses = async (args: string[]) => {
      const { code, stderr } = await runCli([...args, ...offline], {
        program: here.program,
        cwd: here.dir,
      });
      assert.equal(code, 1, stderr);
      assert.match(stderr, hint);
      assert(!stderr.includes("unexpected"), stderr);
    };
    await refuses(["publish", source]);
    await refuses(["seed"]);
    const doctor = await runCli(["doctor", ...offline], { program: here.program });
    assert.match(doctor.stdout, /^fail +home .*belong to root: .*run: sudo chown -R/m);
    await own("daemon.lock");
    await refuses(["publish", source]);
    await own("state.db");
    await refuses(["publish", source]);
    // A lock file owned by root does not matter, because nothing is written to the lock file.
    await own("seed");
    assert.equal((await runCli(["remove", "a@1.0.0", ...offline], here)).code, 0);
  });

  Deno.test("paths in /dev, /proc and /sys are refused with our own message", async () => {
    await using here = await visitor();
    const home = join(here.dir, "home");
    await run(["keygen", "--signing-only", "--home", home], here);
    for (
      const args of [
        ["list", "--home", "/proc/1"],
        ["list", "--home", home, "--dir", "/proc/1"],
        ["seed", "--home", home, "--dir", "/proc/1", "--bootstrap", "none", "--port", "0"],
        [
          "pack",
          here.dir,
          "--name",
          "a",
          "--version",
          "1.0.0",
          "--home",
          home,
          "-o",
          "/proc/1/a.tgz",
        ],
      ]
    ) {
      const { code, stdout, stderr } = await runCli(args, here);
      assert([1, 2].includes(code) && stdout === "", stderr);
      assert.match(stderr, /\/proc\/1.*libreseed may not go to \/dev, \/proc and \/sys/);
      assert(!/deno|unexpected/i.test(stderr), stderr);
    }
  });

  Deno.test("the program leaves nothing in the directory for temporary files", async () => {
    await using here = await visitor();
    // Runs the program twice, because a cache, such as one of compiled code, could be left or used
    // only by a second run.
    for (let runs = 0; runs < 2; runs++) await run(["help", "publish"], here);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(here.temporary)), []);
  });

  Deno.test("the program publishes, seeds and gets a package, as any user", async () => {
    await using testnet = await startTestnet({ nodes: 20 });
    await using here = await visitor();
    const [alice, bob] = [join(here.dir, "alice"), join(here.dir, "bob")];
    const key = (await run(["keygen", "--signing-only", "--home", alice], here)).stdout.trim();

    const files = join(here.dir, "files");
    await Deno.mkdir(files);
    await Deno.chmod(files, 0o755);
    await Deno.writeTextFile(join(files, "hello.txt"), "hello\n");
    const seederFlags = await onTestnet(testnet, alice);
    await using seed = spawnCli(["seed", ...seederFlags], {
      program: here.program,
      cwd: here.dir,
      timeoutMs: 600_000,
    });
    await seed.waitForLine(/^ready: port \d+/, "stdout");
    const published = await run([
      "publish",
      "--name=hello",
      "--version=1.0.0",
      "files",
      "--home",
      alice,
    ], here);
    assert.match(published.stdout, /^hello@1\.0\.0\tmagnet:\?xt=urn:btih:[0-9a-f]{40}&/);

    const unpacked = join(here.dir, "unpacked");
    await run(
      ["get", `${key}/hello@^1.0.0`, "-o", unpacked, ...await onTestnet(testnet, bob)],
      here,
    );
    assert.equal(await Deno.readTextFile(join(unpacked, "hello.txt")), "hello\n");

    await run(["stop", "--home", alice], here);
    assert.equal((await seed.status).code, 0);
  });

  Deno.test("the program's worker sends nothing to this machine without --allow-local", async () => {
    await using testnet = await startTestnet({ nodes: 5 });
    await using here = await visitor();
    const flags = await onTestnet(testnet, join(here.dir, "home"));
    const { code } = await runCli([
      "resolve",
      `${"0".repeat(64)}/hello@1.0.0`,
      ...flags.filter((flag) => flag !== "--allow-local"),
      "--timeout=2s",
    ], { program: here.program, cwd: here.dir });
    assert.equal(code, 5);
    for (const { received } of testnet.nodes) {
      assert.deepEqual(received.last, []);
    }
  });
}
