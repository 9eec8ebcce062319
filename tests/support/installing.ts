/**
 * Helpers for tests of `libreseed install`: packages with dependencies, projects, and what is in a
 * home's package store.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { CliResult } from "./mod.ts";
import type { Home, Place } from "./place.ts";

interface Wanted {
  dependencies?: Record<string, string>;
  files?: Record<string, string | Uint8Array>;
}

/**
 * Makes a directory to publish: a package with the given dependencies and files.
 *
 * @param spec name and version, as `NAME@VERSION`
 */
export async function source(
  place: Place,
  spec: string,
  { dependencies = {}, files = { "index.js": `// ${spec}\n` } }: Wanted = {},
): Promise<string> {
  const at = spec.indexOf("@", 1);
  const about = {
    name: spec.slice(0, at),
    version: spec.slice(at + 1),
    libreseed: { dependencies },
  };
  const dir = await Deno.makeTempDir({ dir: place.path, prefix: "source-" });
  await Deno.writeTextFile(join(dir, "package.json"), JSON.stringify(about));
  for (const [name, contents] of Object.entries(files)) {
    await Deno.writeFile(
      join(dir, name),
      typeof contents === "string" ? new TextEncoder().encode(contents) : contents,
    );
  }
  return dir;
}

/** Makes an empty directory for a project that installs packages. */
export async function project(place: Place): Promise<string> {
  return await Deno.makeTempDir({ dir: place.path, prefix: "project-" });
}

/** Lists unexpected files in a home's package store. */
export function strays(home: Home): string[] {
  try {
    return [...Deno.readDirSync(join(home.path, "packages"))].map(({ name }) => name)
      .filter((name) => !/^([0-9a-f]{64}|\.lock|\.place\.lock|\.save\.lock|\.roots)$/.test(name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Lists the packages in a home's store, as `NAME@VERSION`. */
export async function listed(home: Home): Promise<string[]> {
  const lines = (await home.must(["store", "list", "--json"])).trimEnd().split("\n");
  return lines.filter(Boolean).map((line) => JSON.parse(line))
    .map(({ name, version }) => `${name}@${version}`);
}

/** Asserts that a command failed with an exit code, and that its error names the parts. */
export function failed(
  { code, stdout, stderr }: CliResult,
  expected: number,
  ...parts: string[]
): void {
  assert.equal(code, expected, stderr);
  assert.equal(stdout, "");
  for (const part of parts) assert.ok(stderr.includes(part), `${part} is not in: ${stderr}`);
}
