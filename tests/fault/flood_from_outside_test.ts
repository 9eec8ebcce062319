/**
 * A flood from forged addresses that are not loopback, in a network namespace: `deno task torture --only
 * "flood of"` has more of them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { flooded } from "../../scripts/torture/flood.ts";
import { interopTest } from "../interop/interop_test_case.ts";

await interopTest(
  "a second of 60,000 forged queries: they are limited, and records are announced meanwhile",
  ["ip", "nsenter", "rights to make a network namespace"],
  async () => {
    const flood = await flooded(1, "queries", 8_192);
    assert.ok(flood);
    assert.ok(flood.sent > 0 && flood.limited > 0, JSON.stringify(flood));
    // What 500 a second, and at once 2,000 more, take in the seconds until the last are read.
    assert.ok(flood.read - flood.limited < 10_000, JSON.stringify(flood));
    assert.ok(flood.announced.well > 0, JSON.stringify(flood));
    assert.ok((flood.peakBytes ?? 0) < 400 * 2 ** 20, JSON.stringify(flood));
  },
);
