import assert from "node:assert/strict";
import { join } from "node:path";
import { KeptRecords } from "../../../src/daemon/kept_records.ts";
import { StateDatabase } from "../../../src/store/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { temporaryHome } from "../../support/mod.ts";

Deno.test("a torrent is due after a restart when it would have been, at once if the port is another", async () => {
  await using home = await temporaryHome();
  const clock = new FakeClock();
  using state = StateDatabase.open(join(home.path, "state.db"), clock);
  const infoHash = "ab".repeat(20);
  const nextDueMs = clock.now() + 60_000;
  const keptWith = (port: number) => new KeptRecords(state, clock, port, () => 8, () => {});
  assert.equal(keptWith(6_881).torrentDueMs(infoHash), 0);
  keptWith(6_881).settle({
    kind: "torrent",
    idHex: infoHash,
    atMs: clock.now(),
    nextDueMs,
    failures: 0,
    announce: { asked: 8, responded: 8, stored: 8, errors: {} },
  });
  assert.equal(keptWith(6_881).torrentDueMs(infoHash), nextDueMs);
  assert.equal(keptWith(6_882).torrentDueMs(infoHash), 0);
});
