/**
 * With `nodeModulesDir: auto`, Deno recreates the linked packages at each start, and another Deno
 * process that starts at the same moment does not find them. Tests start many Deno processes
 * concurrently, so all of them have to use another mode.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";

const root = join(import.meta.dirname!, "..", "..", "..");
const HARMLESS = /--node-modules-dir=manual/;
/**
 * Number of source lines, before and after a call of `Deno.execPath()`, in which the test searches
 * for the flag `--node-modules-dir=manual`.
 */
const LINES = 9;

/**
 * Files that start Deno without the flag `--node-modules-dir=manual` on purpose, each with the
 * reason.
 */
const EXCEPTIONS: Record<string, string> = {
  "scripts/audit/advisories.ts": "`deno audit` links nothing and does not know the flag",
  "scripts/bench/binary.ts": "compiles a program without packages",
  "scripts/compile.ts": "compiles in a copy of the sources",
  "scripts/internals.ts": "reads a copy of the sources",
  "scripts/markdown.ts": "`deno fmt` links nothing and does not know the flag",
  "tests/binary/unpacker_test.ts":
    "starts Deno with the arguments of its callers, which have the flag",
  "tests/library/programs_long_test.ts":
    "runs programs in a project of its own, which links nothing",
  "tests/unit/suite_test.ts": "runs tasks in a directory of its own, which links nothing",
  "tests/cli/demo_test.ts": "names Deno as a program that is not libreseed",
};

async function* sourcesIn(directory: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(root, directory))) {
    const path = `${directory}/${name}`;
    if (isDirectory) yield* sourcesIn(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

/**
 * Returns the line numbers at which a source file starts Deno in the mode that recreates linked
 * packages.
 */
function linkingStarts(source: string): number[] {
  const lines = source.split("\n");
  return lines.flatMap((line, i) => {
    if (!line.includes("Deno.execPath()")) return [];
    const near = lines.slice(Math.max(0, i - LINES), i + LINES).join("\n");
    return HARMLESS.test(near) ? [] : [i + 1];
  });
}

Deno.test("no test or script starts Deno in a way that recreates linked packages", async () => {
  const found: string[] = [];
  for (const directory of ["tests", "scripts"]) {
    for await (const path of sourcesIn(directory)) {
      if (path in EXCEPTIONS || path.endsWith("linked_packages_test.ts")) continue;
      const source = await Deno.readTextFile(join(root, path));
      found.push(...linkingStarts(source).map((line) => `${path}:${line}`));
    }
  }
  assert.deepEqual(found, []);
});

Deno.test("the tests themselves run without recreating linked packages", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const ci = await Deno.readTextFile(join(root, ".ci", "run"));
  const commands = [tasks.test.command, ...ci.split("\n")]
    .filter((line) => /(?:deno|"\$\{deno\[@\]\}") test /.test(line));
  assert.equal(commands.length, 2);
  assert.deepEqual(commands.filter((line) => !HARMLESS.test(line)), []);
});

Deno.test("the check finds a start of Deno without the flag", () => {
  const start = 'new Deno.Command(Deno.execPath(), { args: ["run", "-A", "a.ts"] });';
  assert.deepEqual(linkingStarts(`\n${start}\n`), [2]);
  assert.deepEqual(linkingStarts(`${start}\nconst flag = "--node-modules-dir=manual";`), []);
});
