/** Tests the warning of links that lead out of the home, by running the program as a child process. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { runCli, temporaryHome } from "../support/mod.ts";
import { noise } from "../support/package_archives.ts";

/** Number of bytes that do not shrink, more than are copied and hashed without helper threads. */
const LONG_BYTES = 40 << 20;

Deno.test("a command that writes in the home warns once of a link that leads out, and works", async () => {
  await using place = await temporaryHome();
  const home = await Deno.realPath(place.path);
  assert.equal(
    (await runCli(["keygen", "--signing-only", "--home", home])).stderr.includes("leads out"),
    false,
  );
  await Deno.symlink("/etc", join(home, "aside"));
  const key = `ed25519:${btoa(String.fromCharCode(...new Uint8Array(32).fill(1)))}`;
  const { stderr } = await runCli(["trust", "add", "app", key, "--home", home]);
  const warned = stderr.split("\n").filter((line) => line.includes("leads out of the home"));
  assert.equal(warned.length, 1, stderr);
  assert.match(warned[0]!, /aside is a symbolic link to \/etc, .*: put what the link leads to/);
});

Deno.test("a long archive is packed and published behind a symbolic link", async () => {
  await using place = await temporaryHome();
  await Deno.mkdir(join(place.path, "real", "long"), { recursive: true });
  await Deno.symlink("real", join(place.path, "link"));
  const [linked, home] = [join(place.path, "link"), join(place.path, "link", "home")];
  await Deno.writeFile(join(linked, "long", "noise"), noise(LONG_BYTES, 1));
  const run = (...args: string[]) => runCli([...args, "--home", home], { cwd: linked });
  assert.equal((await run("keygen", "--signing-only")).code, 0);
  const archive = join(linked, "long.tgz");
  const names = ["--name=long", "--version=1.0.0"];
  const packed = await run("pack", "long", ...names, `--out=${archive}`);
  assert.equal(packed.code, 0, packed.stderr);
  const offline = ["--no-dht", "--port=0"];
  const published = await run("publish", archive, ...offline);
  assert.match(published.stderr, /The record is kept/);
  const next = await run("publish", "long", "--name=long", "--version=1.0.1", ...offline);
  assert.match(next.stderr, /The record is kept/);
  const { stdout } = await run("list");
  assert.match(stdout, /^long@1\.0\.0 .*\nlong@1\.0\.1 /);
});
