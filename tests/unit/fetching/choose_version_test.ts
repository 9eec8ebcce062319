/**
 * The choice of a version by a range or a tag, with yanked versions and tags in the publisher's list.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fittingVersions, noFittingVersion } from "../../../src/fetching/choose_version.ts";
import { packageFlagsOf, type PackageFlagsVector } from "../../support/flags.ts";

const versions = ["1.0.0", "2.0.0-rc.1", "1.10.0", "1.9.0", "not a version"];
const offer = (flags: PackageFlagsVector, listed = versions) => ({
  seq: 1,
  versions: listed,
  flags: packageFlagsOf(flags),
});

for (
  const [flags, range, expected] of [
    [{}, undefined, ["1.10.0", "1.9.0", "1.0.0"]],
    [{}, "latest", ["1.10.0", "1.9.0", "1.0.0"]],
    [{ yanked: { "1.10.0": "" } }, undefined, ["1.9.0", "1.0.0"]],
    [{ yanked: { "1.10.0": "" } }, "*", ["1.9.0", "1.0.0"]],
    [{ yanked: { "1.10.0": "" } }, "^1.2", ["1.9.0"]],
    [{ yanked: { "1.10.0": "", "1.9.0": "" } }, "^1.2", []],
    // If all stable versions are yanked, the name alone means a prerelease, and `latest` nothing.
    [{ yanked: { "1.10.0": "", "1.9.0": "", "1.0.0": "" } }, undefined, ["2.0.0-rc.1"]],
    [{ yanked: { "1.10.0": "", "1.9.0": "", "1.0.0": "" } }, "latest", []],
    [{ tags: { next: "2.0.0-rc.1" } }, "next", ["2.0.0-rc.1"]],
    [{ tags: { next: "2.0.0-rc.1" } }, "nxt", []],
    [{ tags: { next: "2.0.0-rc.1" }, yanked: { "2.0.0-rc.1": "" } }, "next", []],
    // A tag is signed, so it counts even if the list lacks the version.
    [{ tags: { next: "3.0.0" } }, "next", ["3.0.0"]],
    [{ tags: { next: "no version" } }, "next", []],
    [{ tags: { latest: "1.9.0" } }, undefined, ["1.9.0", "1.0.0"]],
    [{ tags: { latest: "1.9.0" } }, "latest", ["1.9.0", "1.0.0"]],
    [{ tags: { latest: "1.9.0" } }, "^1", ["1.10.0", "1.9.0", "1.0.0"]],
    [{ tags: { latest: "2.0.0-rc.1" } }, undefined, ["2.0.0-rc.1", "1.10.0", "1.9.0", "1.0.0"]],
    [{ tags: { latest: "1.9.0" }, yanked: { "1.9.0": "" } }, undefined, ["1.10.0", "1.0.0"]],
    [{ deprecated: { "1.10.0": "old" } }, undefined, ["1.10.0", "1.9.0", "1.0.0"]],
  ] as [PackageFlagsVector, string | undefined, string[]][]
) {
  Deno.test(`${range ?? "the name alone"} means ${expected.join(", ") || "nothing"} with ${JSON.stringify(flags)}`, () => {
    assert.deepEqual(fittingVersions(offer(flags), range), expected);
  });
}

for (
  const [flags, range, pattern] of [
    [
      { yanked: { "1.10.0": "" } },
      "1.10",
      /has yanked hello@1\.10\.0; there is 2\.0\.0-rc\.1, 1\.10\.0 \(yanked\), .*hello@1\.10\.0$/,
    ],
    [
      { yanked: { "1.10.0": "", "1.9.0": "" } },
      "^1.2",
      /has yanked all versions of hello that satisfy \^1\.2/,
    ],
    [{ tags: { next: "1.10.0" }, yanked: { "1.10.0": "" } }, "next", /has yanked hello@1\.10\.0/],
    [
      { tags: { next: "1.10.0" } },
      "nxt",
      /has no tag nxt of hello; its tags are latest, next\. Did you mean next\?$/,
    ],
    [
      {},
      "^3",
      /no version of hello that satisfies \^3; there is 2\.0\.0-rc\.1, 1\.10\.0, 1\.9\.0, 1\.0\.0$/,
    ],
  ] as [PackageFlagsVector, string, RegExp][]
) {
  Deno.test(`the error for ${range} with ${JSON.stringify(flags)} says why`, () => {
    const wanted = { publicKey: new Uint8Array(32), name: "hello", range };
    const error = noFittingVersion(wanted, offer(flags), ["hello"]);
    assert.deepEqual([error.code, error.kind], ["VERSION_NOT_FOUND", "not-found"]);
    assert.match(error.message, pattern);
  });
}
