/** Tests that a daemon may sign only if the user lets it publish over HTTP. */

import assert from "node:assert/strict";
import { homePaths } from "../../../src/base/mod.ts";
import { loadSettings } from "../../../src/config/mod.ts";
import { scanCommandLine } from "../../../src/launcher/command_line.ts";
import { grantsFor } from "../../../src/launcher/grants.ts";
import { KEY_PUBLISHING, KEY_READING } from "../../../src/launcher/key_uses.ts";

async function granted(...raw: string[]) {
  const line = scanCommandLine(raw)!;
  const userHome = "/users/ann";
  const facts = { cwd: userHome, userHome };
  const settings = await loadSettings({
    ...{ ...facts, flags: line.settings, env: {} },
    readFile: () => Promise.resolve(undefined),
  });
  return grantsFor({
    ...{ ...facts, line, settings, configPath: undefined },
    realPath: (path: string) => path,
    isFree: () => true,
    random: () => "0123456789abcdef",
  });
}

Deno.test("seed signs only with http-publish and http, and else may ask for the public key", async () => {
  const http = ["--http", "127.0.0.1:9881"];
  for (
    const [args, uses] of [
      [[], KEY_READING],
      [http, KEY_READING],
      [["--http-publish"], KEY_READING],
      [["--http-publish", "--http", "off"], KEY_READING],
      [[...http, "--no-http-publish"], KEY_READING],
      [[...http, "--http-publish"], KEY_PUBLISHING],
    ] as const
  ) {
    const { keyUses, keyPath, permissions } = await granted("seed", ...args);
    assert.deepEqual(keyUses, uses, args.join(" "));
    // The thread itself can read the key in no case.
    const { key } = homePaths("/users/ann/.libreseed");
    assert.equal(keyPath, key);
    assert.ok(!(permissions.read as string[]).some((path) => `${key}/`.startsWith(`${path}/`)));
  }
});

Deno.test("the setting gives no other command a use of the key", async () => {
  const http = ["--http-publish", "--http", "127.0.0.1:9881"];
  for (const command of ["announce", "list", "status", "stop"]) {
    const { keyUses } = await granted(command, ...http);
    assert.deepEqual(keyUses, [], command);
  }
});
