/**
 * Fallback to a lower version if the highest is unavailable.
 *
 * @module
 */

import assert from "node:assert/strict";
import { LibreseedError } from "../../../src/base/mod.ts";
import { FetchingError } from "../../../src/fetching/errors.ts";
import { MAX_VERSIONS_TRIED } from "../../../src/fetching/resolve.ts";
import { getHighestAvailable } from "../../../src/fetching/version_fallback.ts";
import type { MinimalManifest } from "../../../src/package/mod.ts";

const unseeded = (version: string, downloadedBytes = 0) =>
  new FetchingError("network", "NO_PEERS", `nobody has ${version}`, {
    detail: { downloadedBytes },
  });

/**
 * Makes a source of versions in descending order, of which peers seed only `seeded`. The source
 * records the versions that were tried.
 */
function shelf(versions: string[], seeded: string[], error = unseeded) {
  const tried: string[] = [];
  const said: string[] = [];
  return {
    tried,
    said,
    resolve(without: ReadonlySet<string>) {
      const version = versions.find((one) => !without.has(one));
      if (version === undefined) throw new LibreseedError("not-found", "VERSION_NOT_FOUND", "none");
      const minimal = { name: "hello", version } as MinimalManifest;
      return Promise.resolve({ minimal, skipped: [] });
    },
    get({ minimal: { version } }: { minimal: MinimalManifest }) {
      tried.push(version);
      return seeded.includes(version) ? Promise.resolve(version) : Promise.reject(error(version));
    },
    onSkipped: (message: string) => said.push(message),
  };
}

Deno.test("the highest seeded version is taken, and the skipped ones are reported", async () => {
  const tries = shelf(["3.0.0", "2.0.0", "1.0.0"], ["2.0.0", "1.0.0"]);
  const { got, skipped } = await getHighestAvailable({ range: undefined, ...tries });
  assert.equal(got, "2.0.0");
  assert.deepEqual(skipped, [{ version: "3.0.0", code: "NO_PEERS", reason: "nobody has 3.0.0" }]);
  assert.match(
    tries.said.join(),
    /^hello@3\.0\.0 is listed but unavailable: .*Using hello@2\.0\.0/,
  );
});

Deno.test("an exact version has no fallback", async () => {
  const tries = shelf(["3.0.0", "2.0.0"], ["2.0.0"]);
  await assert.rejects(getHighestAvailable({ range: "3.0.0", ...tries }), /nobody has 3\.0\.0/);
  assert.deepEqual([tries.tried, tries.said], [["3.0.0"], []]);
});

Deno.test("a stalled partial download does not fall back to an older version", async () => {
  const tries = shelf(["3.0.0", "2.0.0"], ["2.0.0"], (version) => unseeded(version, 100));
  await assert.rejects(getHighestAvailable({ range: "*", ...tries }), /nobody has 3\.0\.0/);
  assert.deepEqual(tries.tried, ["3.0.0"]);
});

Deno.test("a failed verification does not fall back to an older version", async () => {
  const tries = shelf(
    ["3.0.0", "2.0.0"],
    ["2.0.0"],
    (version) => new FetchingError("verification", "RECORD_INVALID", `forged ${version}`),
  );
  await assert.rejects(getHighestAvailable({ range: "^3 || ^2", ...tries }), /forged 3\.0\.0/);
});

Deno.test("if no version is available, the error is that of the highest", async () => {
  const tries = shelf(["2.0.0", "1.0.0"], []);
  await assert.rejects(getHighestAvailable({ range: undefined, ...tries }), /nobody has 2\.0\.0/);
  assert.deepEqual(tries.tried, ["2.0.0", "1.0.0"]);
});

Deno.test("a publisher with many unseeded versions costs a limited number of tries", async () => {
  const versions = Array.from({ length: 50 }, (_, at) => `${50 - at}.0.0`);
  const tries = shelf(versions, ["1.0.0"]);
  await assert.rejects(getHighestAvailable({ range: undefined, ...tries }), /nobody has 50\.0\.0/);
  assert.equal(tries.tried.length, MAX_VERSIONS_TRIED);
});
