/**
 * Builds the programs of these tests: libreseed before its formats changed, from the history of git,
 * and the present one.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "../../scripts/compile.ts";
import { temporaryHome } from "../support/mod.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** The last commit before the formats changed to `libreseed/2`. */
const COMMIT = "30a18eb1";
/** Version that the old program gets: both commits have the same one. */
export const OLD_VERSION = "0.0.9";

/** Paths of the programs, which are there while tests run. */
export const programs = { old: "", present: "" };

async function run(program: string, args: string[], cwd: string): Promise<boolean> {
  const command = new Deno.Command(program, { args, cwd, stdout: "null", stderr: "inherit" });
  return (await command.output()).success;
}

/** Returns why the old program cannot be built; `undefined` if it can. */
async function missing(): Promise<string | undefined> {
  if (!Deno.env.get("DENORT_BIN")) return "DENORT_BIN names no runtime";
  const isThere = await run("git", ["cat-file", "-e", `${COMMIT}^{commit}`], root)
    .catch(() => false);
  return isThere ? undefined : `the history of git does not have ${COMMIT}`;
}

/** Extracts the old sources into `directory`, and compiles them. */
async function buildOld(directory: string, output: string): Promise<void> {
  const archive = join(directory, "old.tar");
  assert(await run("git", ["archive", "--output", archive, COMMIT], root), "git archive");
  const sources = join(directory, "old");
  await Deno.mkdir(sources);
  assert(await run("tar", ["-xf", archive, "-C", sources], root), "tar");
  const config = join(sources, "deno.json");
  const manifest = JSON.parse(await Deno.readTextFile(config));
  await Deno.writeTextFile(config, JSON.stringify({ ...manifest, version: OLD_VERSION }));
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

const asked = Deno.env.has("TEST_UPGRADE");
const reason = asked ? await missing() : undefined;

/**
 * Registers a test that runs both programs. Does nothing unless `TEST_UPGRADE` is set, as
 * `deno task test:upgrade` does: building takes longer than the tests.
 */
export function upgradeTest(name: string, fn: () => Promise<void>): void {
  if (!asked) return;
  Deno.test({ name: reason ? `${name} (${reason})` : name, ignore: reason !== undefined, fn });
}

if (asked && reason === undefined) {
  let directory: Awaited<ReturnType<typeof temporaryHome>>;
  Deno.test.beforeAll(async () => {
    directory = await temporaryHome();
    programs.old = join(directory.path, "libreseed-old");
    await buildOld(directory.path, programs.old);
    const named = Deno.env.get("LIBRESEED_BIN");
    programs.present = named ? resolve(named) : join(directory.path, "libreseed-present");
    if (!named) {
      const stage = `stage-upgrade-${crypto.randomUUID()}`;
      await build({ output: programs.present, stage });
    }
  });
  Deno.test.afterAll(() => directory.remove());
}
