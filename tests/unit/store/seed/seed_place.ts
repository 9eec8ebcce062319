/**
 * Seed directories and archives for the tests of the seed directory.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { SeedDirectory, type SeedEntry, StoreError } from "../../../../src/store/mod.ts";
import { temporaryHome } from "../../../support/mod.ts";
import { namesIn } from "../support.ts";

/** The files of the archive `a@1.0.0`. */
export const VISIBLE = ["a-1.0.0.minimal.json", "a-1.0.0.tgz", "a-1.0.0.torrent"];

/** Makes an empty seed directory, and a second directory with archives to add. */
export async function setUp() {
  const home = await temporaryHome();
  const seed = new SeedDirectory(join(home.path, "seed"));
  const elsewhere = join(home.path, "elsewhere");
  await seed.ensure();
  await Deno.mkdir(elsewhere);
  return {
    seed,
    elsewhere,
    [Symbol.asyncDispose]: () => home.remove(),
  };
}

/** Lists the files of a seed directory without its lock. */
export const visible = async (dir: string) =>
  (await namesIn(dir)).filter((name) => name !== ".lock");

/** Asserts that a promise rejects with a code, and returns the error. */
export async function refusal(promise: Promise<unknown>, code: string): Promise<StoreError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.code, code, error.message);
    return error;
  }
  throw new assert.AssertionError({ message: `not refused with ${code}` });
}

/** Asserts that an entry is invalid, with a code. */
export function assertProblem(entry: SeedEntry | undefined, code: string): void {
  assert.ok(entry?.problem !== undefined, "no problem");
  assert.equal(entry.problemCode, code, entry.problem);
  assert.ok(entry.problem.length > 0);
}
