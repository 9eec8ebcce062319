/**
 * Runs the short form of the benchmark of a shared DHT node, for each address family, so that the
 * benchmark does not break unnoticed. The run itself fails if records are not stored or peers are not
 * found. No figure is judged.
 */

import assert from "node:assert/strict";
import { measure } from "../../../scripts/bench/harness.ts";
import { rows } from "../../../scripts/bench/shared_dht.ts";

for (const row of rows) {
  Deno.test(`the short form of the benchmark ${row.id} runs`, async () => {
    const short = { ...row.short!, rounds: 1, warmUp: false };
    const { failed, figures } = await measure(short, () => {});
    assert.deepEqual(failed, []);
    assert.equal(figures.size, row.contenders.length);
    for (const [who, [figure]] of figures) {
      for (const key of ["records", "torrents", "packetsIn", "packetsOut"]) {
        assert(figure![key]! > 0, `${who}: ${key}`);
      }
    }
  });
}
