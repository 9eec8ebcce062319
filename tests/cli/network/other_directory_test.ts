/** Tests commands whose seed directory is not the daemon's, by running the program as a child process. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { runCli, spawnCli, temporaryHome } from "../../support/mod.ts";

const wanted = `ed25519:${btoa("\x01".repeat(32))}/pkg@1.0.0`;
const names = ["--name=own", "--version=1.0.0"];

Deno.test("a command with another seed directory than the daemon fails before it downloads", async () => {
  await using place = await temporaryHome();
  const at = (name: string) => join(place.path, name);
  const [home, source, seeds, link] = [at("home"), at("source"), at("seeds"), at("link")];
  const options = {
    home,
    cwd: place.path,
    env: { LIBRESEED_PORT: "0", LIBRESEED_DHT: "false" },
  };
  const run = (...args: string[]) => runCli(args, options);
  await Deno.mkdir(source);
  await Deno.writeTextFile(join(source, "read me.txt"), "hello\n");
  assert.equal((await run("keygen", "--signing-only")).code, 0);
  assert.equal((await run("pack", source, ...names)).code, 0);
  const archive = at("own-1.0.0.tgz");

  await using daemon = spawnCli(["seed", "--dir", seeds], options);
  await daemon.waitForLine(/^ready: /, "stdout");
  await Deno.symlink("seeds", link);
  for (const args of [["get", wanted], ["install", wanted], ["publish", source, ...names]]) {
    const { code, stderr } = await run(...args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /The seed directory of this command is .*, and that of process \d+,/);
    assert(stderr.includes(`Give --dir ${await Deno.realPath(seeds)}, or set dir`), stderr);
  }
  assert.equal((await run("add", archive)).code, 2);
  const left = await Array.fromAsync(Deno.readDir(seeds), ({ name }) => name);
  assert.deepEqual(left.filter((name) => name !== ".lock"), []);

  assert.equal((await run("announce")).code, 0);
  const added = await run("add", archive, "--dir", link);
  assert.equal(added.code, 0, added.stderr);
  assert.match((await run("list", "--dir", link)).stdout, /^own@1\.0\.0 .* seeding /);
  daemon.kill("SIGTERM");
  assert.equal((await daemon.status).code, 0);
});
