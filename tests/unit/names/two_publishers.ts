/**
 * Two publishers of one name, for the tests of names.
 *
 * @module
 */

import assert from "node:assert/strict";
import { equalBytes } from "../../../src/base/mod.ts";
import { NamesHome } from "../../support/names_home.ts";
import { World } from "../../support/names_world.ts";

export const HOUR_MS = 3_600_000;

/** Makes two publishers of "hello" and a user. Ann was seen first; Bob has the higher versions. */
export async function twoPublishers(world: World) {
  const [ann, bob, user] = [await world.home(), await world.home(), await world.home()];
  for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
    await world.run(ann.publish("hello", version, "aa".repeat(20)));
    await world.clock.advance(HOUR_MS / 6);
  }
  for (const version of ["1.0.1", "2.0.0", "2.1.0"]) {
    await world.run(bob.publish("hello", version, "bb".repeat(20)));
    await world.clock.advance(1_000);
  }
  assert.deepEqual([...ann.warnings, ...bob.warnings], []);
  return { ann, bob, user };
}

/** Names a resolved publisher and version: `ann 1.2.0`. */
export function who(
  resolved: { publicKey: Uint8Array; minimal: { version: string } },
  homes: NamesHome[],
) {
  const index = homes.findIndex(({ keys }) => equalBytes(keys.publicKey, resolved.publicKey));
  return `${["ann", "bob"][index]} ${resolved.minimal.version}`;
}
