/**
 * Merging of the offers that several keys of one publisher make of a package.
 *
 * @module
 */

import assert from "node:assert/strict";
import { mergeOffers } from "../../../src/fetching/merge_offers.ts";
import { packageFlagsOf, type PackageFlagsVector } from "../../support/flags.ts";

const [own, ci, stranger] = [1, 2, 3].map((fill) => ({
  key: new Uint8Array(32).fill(fill),
  fromMs: 0,
  ...(fill === 3 && { names: ["other"] }),
}));
const offer = (key: typeof own, versions: string[], flags: PackageFlagsVector = {}) => ({
  key: key!,
  ofName: { versions, flags: packageFlagsOf(flags) },
});

Deno.test("the first key that lists or flags a version decides about it", () => {
  const { versions, flags, keysOf } = mergeOffers("hello", [
    offer(own, ["1.0.0"], { yanked: { "1.1.0": "by the own key" }, tags: { next: "1.2.0" } }),
    offer(ci, ["1.0.0", "1.1.0", "1.2.0"], {
      yanked: { "1.0.0": "by the CI", "1.1.0": "by the CI", "1.2.0": "by the CI" },
      deprecated: { "1.1.0": "by the CI" },
      tags: { next: "1.1.0", beta: "1.1.0" },
    }),
  ]);
  assert.deepEqual(versions, ["1.0.0", "1.1.0", "1.2.0"]);
  assert.deepEqual(
    flags,
    packageFlagsOf({
      yanked: { "1.1.0": "by the own key", "1.2.0": "by the CI" },
      tags: { next: "1.2.0", beta: "1.1.0" },
    }),
  );
  assert.deepEqual(keysOf("1.1.0"), [ci], "a flag alone is no listing");
});

Deno.test("a key that does not cover the name counts for nothing", () => {
  const { versions, flags } = mergeOffers("hello", [
    offer(stranger, ["9.9.9"], { yanked: { "1.0.0": "by another" }, tags: { latest: "9.9.9" } }),
    offer(own, ["1.0.0"]),
  ]);
  assert.deepEqual([versions, flags], [["1.0.0"], packageFlagsOf({})]);
});
