/**
 * Builds the programs of these tests: an earlier libreseed, from the history of git, and the present
 * one.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "../../scripts/compile.ts";
import { temporaryHome } from "../support/mod.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A commit whose program is run beside the present one. */
export interface Earlier {
  commit: string;
  /** Version that its program gets, since all commits have the same one. */
  version: string;
}

/** The last commit before the formats changed to `libreseed/2`. */
export const beforeFormats: Earlier = { commit: "30a18eb1", version: "0.0.9" };
/** The last commit before daemons could be met at the rendezvous of names and publishers. */
export const beforeRendezvous: Earlier = { commit: "1d5f4c80", version: "0.0.10" };

/** Paths of the two programs, which are there while tests run. */
export interface Programs {
  old: string;
  present: string;
}

async function run(program: string, args: string[], cwd: string): Promise<boolean> {
  const command = new Deno.Command(program, { args, cwd, stdout: "null", stderr: "inherit" });
  return (await command.output()).success;
}

/** Returns why the program of a commit cannot be built; `undefined` if it can. */
async function missing(commit: string): Promise<string | undefined> {
  if (!Deno.env.get("DENORT_BIN")) return "DENORT_BIN names no runtime";
  const isThere = await run("git", ["cat-file", "-e", `${commit}^{commit}`], root)
    .catch(() => false);
  return isThere ? undefined : `the history of git does not have ${commit}`;
}

/** Extracts the sources of a commit into `directory`, and compiles them. */
async function buildOld(
  { commit, version }: Earlier,
  directory: string,
  output: string,
): Promise<void> {
  const archive = join(directory, "old.tar");
  assert(await run("git", ["archive", "--output", archive, commit], root), "git archive");
  const sources = join(directory, "old");
  await Deno.mkdir(sources);
  assert(await run("tar", ["-xf", archive, "-C", sources], root), "tar");
  const config = join(sources, "deno.json");
  const manifest = JSON.parse(await Deno.readTextFile(config));
  await Deno.writeTextFile(config, JSON.stringify({ ...manifest, version }));
  assert(await run(Deno.execPath(), ["install", "--quiet"], sources), "deno install");
  const compile = [
    "run",
    "--quiet",
    "--node-modules-dir=manual",
    "-A",
    "scripts/compile.ts",
    "--output",
    output,
  ];
  assert(await run(Deno.execPath(), compile, sources), "compiling the old program");
  await Deno.remove(sources, { recursive: true });
  await Deno.remove(archive);
}

/**
 * Has the tests of a file run both programs, which are built before the first one. A test that is
 * registered with `upgradeTest` does nothing unless `TEST_UPGRADE` is set, as `deno task test:upgrade`
 * does: building takes longer than the tests.
 */
export async function beside(earlier: Earlier) {
  const programs: Programs = { old: "", present: "" };
  const asked = Deno.env.has("TEST_UPGRADE");
  const reason = asked ? await missing(earlier.commit) : undefined;
  if (asked && reason === undefined) {
    let directory: Awaited<ReturnType<typeof temporaryHome>>;
    Deno.test.beforeAll(async () => {
      directory = await temporaryHome();
      programs.old = join(directory.path, "libreseed-old");
      await buildOld(earlier, directory.path, programs.old);
      const named = Deno.env.get("LIBRESEED_BIN");
      programs.present = named ? resolve(named) : join(directory.path, "libreseed-present");
      if (!named) await build({ output: programs.present });
    });
    Deno.test.afterAll(() => directory.remove());
  }
  function upgradeTest(name: string, fn: () => Promise<void>): void {
    if (!asked) return;
    Deno.test({ name: reason ? `${name} (${reason})` : name, ignore: reason !== undefined, fn });
  }
  return { programs, upgradeTest };
}
