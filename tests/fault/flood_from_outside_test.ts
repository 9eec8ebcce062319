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
    let flood = await flooded(1, "queries", 8_192);
    // A machine that is busy may read no more in a second than is let through; then it takes longer.
    for (let seconds = 4; flood?.limited === 0 && seconds <= 64; seconds *= 4) {
      flood = await flooded(seconds, "queries", 8_192);
    }
    assert.ok(flood);
    assert.ok(flood.sent > 0 && flood.limited > 0, JSON.stringify(flood));
    // 2,000 at once and 500 a second, and as much again for those who mean well.
    const most = 2 * (2_000 + 500 * flood.countedMs / 1_000);
    assert.ok(flood.read - flood.limited < most, JSON.stringify(flood));
    assert.ok(flood.announced.well > 0, JSON.stringify(flood));
    assert.ok((flood.peakBytes ?? 0) < 400 * 2 ** 20, JSON.stringify(flood));
  },
);
