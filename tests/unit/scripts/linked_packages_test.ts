/**
 * Deno makes the linked packages anew whenever it starts with `nodeModulesDir: auto`, and another Deno
 * that starts at that moment does not find them. Tests run many at once, so none may start one so.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";

const root = join(import.meta.dirname!, "..", "..", "..");
const HARMLESS = /--node-modules-dir=manual/;
/** How many lines below `Deno.execPath()` its arguments may stand. */
const LINES = 9;

/** Places where Deno is started by design as a user would, or with arguments that others wrote. */
const EXCEPTIONS: Record<string, string> = {
  "scripts/audit/advisories.ts": "`deno audit` links nothing and does not know the flag",
  "scripts/bench/binary.ts": "compiles a program without packages",
  "scripts/compile.ts": "compiles in a copy of the sources",
  "scripts/libraries.ts": "`deno fmt` links nothing and does not know the flag",
  "tests/cli/demo_test.ts": "names Deno as a program that is not libreseed",
};

async function* sourcesIn(directory: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(root, directory))) {
    const path = `${directory}/${name}`;
    if (isDirectory) yield* sourcesIn(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

/** Lines of a source that start Deno in a way that links packages. */
function linkingStarts(source: string): number[] {
  const lines = source.split("\n");
  return lines.flatMap((line, i) => {
    if (!line.includes("Deno.execPath()")) return [];
    const near = lines.slice(Math.max(0, i - LINES), i + LINES).join("\n");
    return HARMLESS.test(near) ? [] : [i + 1];
  });
}

Deno.test("no test or script that runs beside others has Deno link packages anew", async () => {
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

Deno.test("a start without the flag is found", () => {
  const start = 'new Deno.Command(Deno.execPath(), { args: ["run", "-A", "a.ts"] });';
  assert.deepEqual(linkingStarts(`\n${start}\n`), [2]);
  assert.deepEqual(linkingStarts(`${start}\nconst flag = "--node-modules-dir=manual";`), []);
});
