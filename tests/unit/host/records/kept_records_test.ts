import assert from "node:assert/strict";
import { join } from "node:path";
import { toHex } from "../../../../src/base/mod.ts";
import type { RecordJson } from "../../../../src/control/answers.ts";
import { KeptRecords } from "../../../../src/host/records/kept_records.ts";
import { generateKeyPair } from "../../../../src/identity/mod.ts";
import { bencode } from "../../../../src/bencode/mod.ts";
import { targetOf } from "../../../../src/records/mod.ts";
import { StateDatabase } from "../../../../src/store/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { temporaryHome } from "../../../support/mod.ts";
import { signedItem } from "../../../support/signed.ts";

Deno.test("a torrent keeps its due time over a restart, and is due at once under another port", async () => {
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
    port: 6_881,
    announce: { asked: 8, responded: 8, stored: 8, errors: {} },
  });
  assert.equal(keptWith(6_881).torrentDueMs(infoHash), nextDueMs);
  assert.equal(keptWith(6_882).torrentDueMs(infoHash), 0);
});

Deno.test("describe leaves out times that a clock ahead has noted", async () => {
  await using home = await temporaryHome();
  const clock = new FakeClock();
  using state = StateDatabase.open(join(home.path, "state.db"), clock);
  const kept = new KeptRecords(state, clock, 6_881, () => 4, () => {});
  const item = signedItem(generateKeyPair(), {
    salt: new Uint8Array(32),
    seq: 1,
    value: bencode(1),
  });
  kept.keep(item, { kind: "other" }, true);
  const yearMs = 365 * 86_400_000;
  clock.jump(yearMs);
  const atMs = clock.now();
  const counts = { asked: 8, responded: 8, holding: 5, stored: 0, errors: {} };
  const put = {
    ...{ ...counts, weak: false, needsRetry: false },
    ...{ superseded: undefined, conflict: undefined },
  };
  const idHex = toHex(targetOf(item.publicKey, item.salt));
  kept.settle({ kind: "record", idHex, atMs, nextDueMs: atMs + 60_000, failures: 0, put });
  const times = () => {
    const [{ holding, weak, lastAttemptMs, nextDueMs }] = kept.describe() as [RecordJson];
    return { holding, weak, lastAttemptMs, nextDueMs };
  };
  const noted = { holding: 5, weak: false };
  assert.deepEqual(times(), { ...noted, lastAttemptMs: atMs, nextDueMs: atMs + 60_000 });
  clock.jump(-yearMs);
  assert.deepEqual(times(), { ...noted, lastAttemptMs: undefined, nextDueMs: undefined });
});
