import assert from "node:assert/strict";
import fc from "fast-check";
import { versionOrder } from "../../../src/base/mod.ts";
import { isNewerVersion } from "../../../src/package/mod.ts";

const number = fc.oneof(fc.nat(12), fc.nat()).map(String);
const identifier = fc.oneof(
  number,
  fc.constantFrom("a", "alpha", "alpha-b", "beta", "rc", "-", "0a", "Z", "--1"),
);
const version = fc.tuple(
  fc.array(number, { minLength: 3, maxLength: 3 }),
  fc.array(identifier, { maxLength: 4 }),
).map(([core, pre]) => core.join(".") + (pre.length > 0 ? `-${pre.join(".")}` : ""));

Deno.test("texts of versions compare as the versions do", () => {
  fc.assert(
    fc.property(version, version, (a, b) => {
      assert.equal(versionOrder(a) > versionOrder(b), isNewerVersion(a, b));
      assert.equal(versionOrder(a) === versionOrder(b), a === b);
    }),
    { seed: 19, numRuns: 2_000 },
  );
});

Deno.test("the example of semver 2.0.0 is in order, and a release is above all prereleases", () => {
  const inOrder = [
    ...["2.0.0-alpha", "2.0.0-alpha.1", "2.0.0-alpha.beta", "2.0.0-beta", "2.0.0-beta.2"],
    ...["2.0.0-beta.11", "2.0.0-rc.1", "1.0.0", "1.9.0", "1.10.0", "2.0.0"],
  ];
  assert.deepEqual(inOrder.toSorted((a, b) => versionOrder(a) < versionOrder(b) ? -1 : 1), inOrder);
});
