/** Tests the demo of the dashboard. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { temporaryHome } from "../support/mod.ts";

const script = fileURLToPath(new URL("../../scripts/dashboard_demo.ts", import.meta.url));

Deno.test("the demo of the dashboard starts three homes with traffic, and leaves nothing", async () => {
  await using directory = await temporaryHome();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "-A", script, "--once"],
    env: { TMPDIR: directory.path },
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.equal(code, 0, text + new TextDecoder().decode(stderr));
  for (const name of ["publisher", "mirror", "reader"]) {
    assert.match(text, new RegExp(`^${name}: http://127\\.0\\.0\\.1:\\d+/$`, "m"));
  }
  assert.match(text, /^The reader has clock-widgets\.$/m);
  const left = [];
  for await (const { name } of Deno.readDir(directory.path)) left.push(name);
  assert.deepEqual(left, []);
});
