/** Tests the warning of links that lead out of the home, by running the program as a child process. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { runCli, temporaryHome } from "../support/mod.ts";

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
