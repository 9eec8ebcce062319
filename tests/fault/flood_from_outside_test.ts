/**
 * Tests a flood of packets from forged addresses outside loopback, in a network namespace. `deno
 * task torture --only "flood of"` runs larger floods.
 */

import assert from "node:assert/strict";
import { flooded } from "../../scripts/torture/flood.ts";
import { interopTest } from "../support/interop_test_case.ts";

await interopTest(
  "during a flood of 60,000 forged queries a second, queries are limited and records announced",
  ["ip", "nsenter", "rights to make a network namespace"],
  async () => {
    let flood = await flooded(1, "queries", 8_192);
    // On a busy machine, the node may read packets more slowly than the rate limit permits, so that
    // nothing is dropped; or a short flood has room for one announcement, whose queries are lost. A
    // longer flood exceeds the limit and has room for several.
    const isTooShort = () => flood?.limited === 0 || flood?.announced.well === 0;
    for (let seconds = 4; isTooShort() && seconds <= 64; seconds *= 4) {
      flood = await flooded(seconds, "queries", 8_192);
    }
    assert.ok(flood);
    assert.ok(flood.sent > 0 && flood.limited > 0, JSON.stringify(flood));
    // Two token buckets limit packets, one for unknown and one for known nodes. Each allows a burst
    // of 2,000 and 500 packets a second.
    const most = 2 * (2_000 + 500 * flood.countedMs / 1_000);
    assert.ok(flood.read - flood.limited < most, JSON.stringify(flood));
    assert.ok(flood.announced.well > 0, JSON.stringify(flood));
    assert.ok((flood.peakBytes ?? 0) < 400 * 2 ** 20, JSON.stringify(flood));
  },
);
