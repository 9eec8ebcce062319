import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../../src/base/mod.ts";
import { runCli } from "../../../../src/cli/mod.ts";
import { generateKeyPair, writeKeyFile } from "../../../../src/identity/mod.ts";
import { StateDatabase } from "../../../../src/store/mod.ts";
import { freePort, temporaryHome } from "../../../support/mod.ts";
import { fakeIo } from "../../../support/fake_io.ts";

/** Runs a command within the test's process and counts how often it opens `state.db`. */
async function openings(args: string[], home: string): Promise<{ count: number; text: string }> {
  const open = StateDatabase.open;
  let count = 0;
  StateDatabase.open = (path, clock) => {
    count++;
    return open.call(StateDatabase, path, clock);
  };
  const io = { ...fakeIo(), clock: systemClock, cwd: home };
  try {
    await runCli([...args, "--home", home, "--dir", join(home, "seed")], io);
  } finally {
    StateDatabase.open = open;
  }
  return { count, text: io.stderr.text };
}

Deno.test("a command with an engine of its own opens state.db once, for the engine and for itself", async () => {
  await using home = await temporaryHome();
  await writeKeyFile(join(home.path, "keys", "publisher.key"), generateKeyPair());
  const source = join(home.path, "source");
  await Deno.mkdir(source);
  await Deno.writeTextFile(
    join(source, "package.json"),
    JSON.stringify({ name: "hello", version: "1.0.0" }),
  );
  const offline = ["--no-dht", "--port", `${await freePort()}`];
  const published = await openings(["publish", source, ...offline], home.path);
  assert.match(published.text, /hello@1\.0\.0/);
  assert.equal(published.count, 1, published.text);
  const installed = await openings(["install", "hello", "--timeout", "1s", ...offline], home.path);
  assert.equal(installed.count, 1, installed.text);
});
