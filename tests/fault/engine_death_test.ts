/**
 * The thread of a real daemon's engine dies in several ways; `deno task torture` tries all.
 *
 * @module
 */

import { newPlace, together } from "../support/place.ts";
import type { Death } from "../support/dying_engine.ts";
import { dieAndComeBack } from "../support/engine_death.ts";

const some: readonly Death[] = [
  "throws what nobody catches",
  "never comes back",
  "runs out of memory",
];

Deno.test("a daemon whose engine dies ends and says why; nobody waits for it, and a restart finds all", async () => {
  await using place = await newPlace();
  await together(some.map((death) => dieAndComeBack(place, death)));
});
