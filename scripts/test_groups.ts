/**
 * Groups the unit tests of each directory for `deno task test`: writes files to `dist/tests` that
 * import them. Deno starts each test file as a thread, which loads all modules anew; for most unit
 * tests, this takes more processor time than the tests (docs/decisions/0105).
 *
 * @module
 */

import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Test files that need modules as they are before any other test file has loaded them. */
const ALONE = [
  // Tests the members of libraries before the engine replaces them.
  "tests/unit/engine/libraries/list_test.ts",
];

/** Lists the files below a directory of a checkout, relative to the checkout, in order. */
function filesIn(root: string, directory: string): string[] {
  return [...Deno.readDirSync(join(root, directory))].flatMap(({ name, isDirectory }) => {
    const path = `${directory}/${name}`;
    return isDirectory ? filesIn(root, path) : [path];
  }).sort();
}

/**
 * Returns the text of a test file in `dist/tests` that runs test files of one directory. Its lines are
 * short, as `deno fmt --check` wants them.
 */
function importing(paths: readonly string[]): string {
  return [
    `const directory = "../../${dirname(paths[0]!)}/";`,
    "const urlOf = (name: string) => new URL(directory + name, import.meta.url).href;",
    ...paths.map((path) => `await import(urlOf("${basename(path)}"));`),
    "",
  ].join("\n");
}

/**
 * Writes a file for each directory below `tests/unit` with the tests that `deno task test` runs, and
 * removes those of directories that are gone. A file that is right is left as it is, because another
 * process may be about to run it.
 *
 * @param root path of the checkout
 */
export async function groupTests(root: string): Promise<void> {
  const groups = new Map<string, string[]>();
  for (const path of filesIn(root, "tests/unit")) {
    const group = ALONE.includes(path) ? path.slice(0, -"_test.ts".length) : dirname(path);
    // The tests right in `tests/unit` are about the repository, and run as they are.
    if (group === "tests/unit" || !/_test\.ts$/.test(path) || /_long_test\.ts$/.test(path)) {
      continue;
    }
    groups.set(group, [...groups.get(group) ?? [], path]);
  }
  const directory = join(root, "dist", "tests");
  await Deno.mkdir(directory, { recursive: true });
  const old = new Set([...Deno.readDirSync(directory)].map(({ name }) => name));
  for (const [group, paths] of groups) {
    const name = `${group.slice("tests/".length).replaceAll("/", "_")}_test.ts`;
    const [path, text] = [join(directory, name), importing(paths)];
    if (!old.delete(name) || await Deno.readTextFile(path) !== text) {
      const draft = `${path}.${crypto.randomUUID()}`;
      await Deno.writeTextFile(draft, text);
      await Deno.rename(draft, path);
    }
  }
  for (const name of old) {
    // Another process may remove it at the same moment.
    if (name.endsWith("_test.ts")) await rm(join(directory, name), { force: true });
  }
}

if (import.meta.main) await groupTests(fileURLToPath(new URL("../", import.meta.url)));
