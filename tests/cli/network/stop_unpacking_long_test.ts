/** Tests SIGTERM while a large package is unpacked. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { existsSync } from "node:fs";
import { type Home, newPlace } from "../../support/place.ts";

const FILES = 6_000;
const POLL_MS = 5;

/**
 * Lists the paths of the files under a directory. Files that vanish during the listing are skipped.
 */
function filesUnder(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) => {
      const path = join(directory, name);
      return isDirectory ? filesUnder(path) : [path];
    });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/**
 * Runs a command, and ends the command as soon as the package's first file exists under a temporary
 * name.
 */
async function endWhileUnpacking(home: Home, args: string[], within: string, undo: string) {
  // On a busy machine the signal may arrive after the unpacking has ended. The test then tries
  // again.
  for (let tries = 1;; tries++) {
    await using command = home.spawn(args);
    let isOver = false;
    const over = command.result.finally(() => isOver = true);
    while (!isOver && !filesUnder(within).some((path) => /[/\\]many[/\\]\d+$/.test(path))) {
      await Promise.race([over, new Promise((resolve) => setTimeout(resolve, POLL_MS))]);
    }
    command.kill("SIGTERM");
    const result = await over;
    if (result.code !== 0 || tries === 20) return result;
    await Deno.remove(undo, { recursive: true });
  }
}

Deno.test("SIGTERM ends get -o and install while they unpack, and no partial package is left", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const source = await place.source("app", "1.0.0");
  await Deno.mkdir(join(source, "many"));
  for (let i = 0; i < FILES; i++) Deno.writeTextFileSync(join(source, "many", `${i}`), `${i}`);
  await home.must(["publish", source]);
  const spec = `${home.publicKey}/app@1.0.0`;

  const dir = join(place.path, "unpacked");
  await Deno.mkdir(dir);
  const target = join(dir, "app");
  const got = await endWhileUnpacking(home, ["get", spec, "-o", target], dir, target);
  assert.deepEqual([got.code, got.stdout], [143, ""], got.stderr);
  assert.deepEqual([...Deno.readDirSync(dir)], []);

  const store = join(home.path, "packages");
  const installed = await endWhileUnpacking(home, ["install", spec], store, store);
  assert.deepEqual([installed.code, installed.stdout], [143, ""], installed.stderr);
  assert.deepEqual(filesUnder(store).filter((path) => !path.includes("/.")), []);
  assert.equal(await home.must(["store", "list"]), "");

  // Both commands, `get` and `install`, succeed when they are repeated after the interruption.
  await home.must(["get", spec, "-o", target]);
  assert.ok(existsSync(join(target, "many", `${FILES - 1}`)));
  await home.must(["install", spec]);
});
