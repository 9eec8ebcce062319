/**
 * What the tests of the library share: the npm package, built once for a test, and a project of its own
 * with everything that the examples in the docs name.
 *
 * @module
 */

import { join } from "node:path";
import { fromHex } from "../../src/base/mod.ts";
import { keyPairFromSeed, writeKeyFile } from "../../src/identity/mod.ts";
import { encodeItem, makeManifestRecord, packDirectory, SigningKey } from "../../mod.ts";

/** The seed of the publisher in the docs: that of `tests/vectors/archive.json`. */
const SEED_HEX = "b7645aa4fcae8260a55a72b7e62e81618f9c65aa7879f3af38bd85a0c8162467";

const root = join(import.meta.dirname!, "..", "..");

/** Whether Node.js and npm are installed. */
export const hasNode: boolean = isThere("node") && isThere("npm");

function isThere(program: string): boolean {
  try {
    return new Deno.Command(program, { args: ["--version"] }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Runs a program, and returns its output. Throws with all output if it fails. */
export async function run(cwd: string, program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    env: {
      NO_COLOR: "1",
      npm_config_cache: join(cwd, ".npm"),
      npm_config_update_notifier: "false",
    },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new Error(`${program} ${args.join(" ")} failed:\n${out}${err}`);
  return out!;
}

/** Builds the npm package in a directory. */
export async function buildPackage(directory: string): Promise<void> {
  await run(root, ...deno("scripts/library.ts"), directory);
}

/** The command line that runs a script of this repository. */
export function deno(...args: string[]): [string, ...string[]] {
  return [Deno.execPath(), "run", "-q", "-A", ...args];
}

/** Makes the files that the examples read and pack. */
export async function makeFiles(directory: string): Promise<void> {
  const at = (...names: string[]) => join(directory, ...names);
  await writeKeyFile(at("keys", "publisher.key"), keyPairFromSeed(fromHex(SEED_HEX)!));
  await Deno.mkdir(at("tool", "node_modules"), { recursive: true });
  await Deno.mkdir(at("dist"));
  await Deno.writeTextFile(at("tool", "node_modules", "left.js"), "0;\n");
  await Deno.writeTextFile(at("tool", "README.md"), "# tool\n");
  const fields = { name: "tool", version: "1.0.0" };
  await Deno.writeTextFile(at("tool", "package.json"), JSON.stringify(fields));
  const key = await SigningKey.open(at("keys", "publisher.key"));
  const { manifest, archivePath, manifestPath } = await packDirectory(at("tool"), {
    key,
    outDirectory: directory,
    signedAtMs: 1_700_000_000_000,
  });
  const item = await makeManifestRecord(manifest, key, { seq: 1_700_000_000_000 });
  await Deno.writeFile(at("tool-1.0.0.item"), encodeItem(item));
  await Deno.copyFile(manifestPath, at("damaged-1.0.0.minimal.json"));
  const bytes = await Deno.readFile(archivePath);
  bytes[bytes.length >> 1]! ^= 1;
  await Deno.writeFile(at("damaged-1.0.0.tgz"), bytes);
}

/** An example in the docs: a module, and what it prints, if the docs say so. */
export interface Example {
  code: string;
  prints?: string;
}

/** Reads the examples of a page: each block of JavaScript, with the block of text behind it. */
export function examplesOf(page: string): Example[] {
  const blocks = page.matchAll(/^```js\n([^]*?)^```\n(?:\n```text\n([^]*?)^```\n)?/gm);
  return [...blocks].map(([, code, prints]) => ({ code: code!, prints }));
}

/** Reads the examples in the comments of a source. */
export function examplesInComments(source: string): Example[] {
  return [...source.matchAll(/^ \* ```ts\n((?: \*.*\n)*?) \* ```$/gm)]
    .map(([, lines]) => ({ code: lines!.replace(/^ \* ?/gm, "") }));
}
