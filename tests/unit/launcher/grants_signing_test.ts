/** Tests that a daemon may sign only if the user lets it publish over HTTP. */

import assert from "node:assert/strict";
import { homePaths } from "../../../src/base/mod.ts";
import { KEY_PUBLISHING, KEY_READING } from "../../../src/launcher/key_uses.ts";
import { granted } from "../../support/grants.ts";

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
    const { keyUses, keyPath, permissions } = await granted(["seed", ...args]);
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
    const { keyUses } = await granted([command, ...http]);
    assert.deepEqual(keyUses, [], command);
  }
});
