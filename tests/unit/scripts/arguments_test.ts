/** Tests that the project's scripts tell their usage. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { headComment } from "../../../scripts/arguments.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("the usage of a script is the comment at its head", () => {
  const source =
    '/**\n * Does a thing: `deno task thing [--much]`.\n *\n * Twice.\n *\n * @module\n */\n"x";\n';
  assert.deepEqual(headComment(source), "Does a thing: `deno task thing [--much]`.\n\nTwice.");
});

Deno.test("--help prints the usage of a script and does nothing else", async () => {
  const { code, out, err } = await run("scripts/utp.ts", "--help");
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /^`deno task utp \[--transfers N\]/);
});

Deno.test("a script says in one line what is wrong with its command line", async () => {
  const { code, out, err } = await run("scripts/utp.ts", "--transfer", "1");
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, /^Unknown option '--transfer.[^\n]* --help tells the usage\.\n$/);
});
