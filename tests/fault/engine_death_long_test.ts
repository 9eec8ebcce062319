/**
 * Tests some of the ways in which a real daemon's engine thread can die. `deno task torture` tests
 * all of them.
 */

import { newPlace, together } from "../support/place.ts";
import type { Death } from "../support/dying_engine.ts";
import { dieAndComeBack } from "../support/engine_death.ts";

const some: readonly Death[] = [
  "throws what nobody catches",
  "never comes back",
  "runs out of memory",
];

Deno.test("a daemon whose engine dies exits with an error, its clients go on, and a restart seeds all again", async () => {
  await using place = await newPlace();
  await together(some.map((death) => dieAndComeBack(place, death)));
});
