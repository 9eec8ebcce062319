/** Tests which modules load before a command starts its work. */

import assert from "node:assert/strict";
import { join } from "node:path";

interface Module {
  specifier: string;
  dependencies?: { specifier: string; isDynamic?: boolean; code?: { specifier: string } }[];
}

const root = join(import.meta.dirname!, "..", "..");

/** Matches a file of an npm package in the directory where Deno stores packages. */
const IN_PACKAGE = /\/node_modules\/\.deno\/[^/]+\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;

/** The modules that the program may load, also later, by their specifiers. */
let graph: Promise<Map<string, Module>> | undefined;

async function readGraph(): Promise<Map<string, Module>> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "main.ts"],
    cwd: root,
    stderr: "null",
  }).output();
  assert(success);
  const modules: Module[] = JSON.parse(new TextDecoder().decode(stdout)).modules;
  return new Map(modules.map((module) => [module.specifier, module]));
}

/**
 * Returns all modules that load statically with `start`, as absolute URLs and `node:` specifiers.
 * Each npm package is represented by its first file.
 */
async function loadedWith(start: string): Promise<Set<string>> {
  const modules = await (graph ??= readGraph());
  const loaded = new Set<string>();
  const first = new URL(start, `file://${root}/`).href;
  assert(modules.has(first), `the program does not load ${start}`);
  const pending = [first];
  for (let next; (next = pending.pop());) {
    if (loaded.has(next)) continue;
    loaded.add(next);
    if (IN_PACKAGE.test(next)) continue;
    for (const { code, isDynamic } of modules.get(next)?.dependencies ?? []) {
      // In the output of `deno info`, a dependency without `code` is an import of types only.
      if (code && !isDynamic) pending.push(code.specifier);
    }
  }
  return loaded;
}

function libraries(loaded: Set<string>): string[] {
  const names = [...loaded].map((url) => IN_PACKAGE.exec(url)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

Deno.test("loadedWith finds the libraries that a room loads", async () => {
  const found = libraries(await loadedWith("src/package/mod.ts"));
  for (const library of ["semver", "valibot"]) assert(found.includes(library), found.join(" "));
});

Deno.test("the program loads no library to print its version", async () => {
  const loaded = await loadedWith("main.ts");
  assert.deepEqual(libraries(loaded), []);
  assert.deepEqual([...loaded].filter((url) => url.startsWith("node:")), []);
});

Deno.test("the command tree loads only the command parser, and no Node module", async () => {
  const loaded = await loadedWith("src/cli/mod.ts");
  assert.deepEqual(libraries(loaded), ["@stricli/core"]);
  // Loading even one `node:` module would make `help` twice as slow.
  assert.deepEqual([...loaded].filter((url) => url.startsWith("node:")), []);
  const commands = [...loaded].filter((url) => url.includes("/cli/commands/"));
  assert.deepEqual(commands.map((url) => url.split("/").at(-1)), ["table.ts"]);
});

Deno.test("help for a command loads none of the rooms that do the command's work", async () => {
  for (const { name } of Deno.readDirSync(join(root, "src/cli/commands"))) {
    const loaded = await loadedWith(`src/cli/commands/${name}`);
    const others = libraries(loaded).filter((library) => library !== "@stricli/core");
    assert.deepEqual(others, [], `${name} should import the folders it calls inside its run`);
  }
});
