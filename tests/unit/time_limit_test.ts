import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryHome } from "../support/mod.ts";

Deno.test("a test that hangs is cancelled, and the tests of other files are run", async () => {
  await using home = await temporaryHome();
  const files = {
    "preload.ts": `
      import { limitTests } from "${import.meta.resolve("../support/time_limit.ts")}";
      limitTests(3_000);
    `,
    "hangs_test.ts": `
      Deno.test("one", () => {});
      Deno.test("two", async () => void await Deno.listen({ hostname: "127.0.0.1", port: 0 }).accept());
    `,
    "other_test.ts": `Deno.test("three", () => {});`,
  };
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(join(home.path, name), text);
  }
  const preload = `--preload=${join(home.path, "preload.ts")}`;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-check", "--parallel", "-A", preload, "."],
    cwd: home.path,
    env: { NO_COLOR: "1", DENO_JOBS: "2" },
    stderr: "null",
  }).output();
  const said = new TextDecoder().decode(stdout);
  assert.equal(code, 1, said);
  assert.match(said, /hangs_test\.ts => one \.\.\. ok/);
  assert.match(said, /hangs_test\.ts => two \.\.\. cancelled/);
  assert.match(said, /other_test\.ts => three \.\.\. ok/);
  assert.match(said, /^\.\/hangs_test\.ts \(uncaught error\)$/m);
});
