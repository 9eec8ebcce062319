/** Dates of versions: from manifest records that are looked up at the same time. */

import assert from "node:assert/strict";
import { toHex } from "../../../src/base/mod.ts";
import { FetchingError } from "../../../src/fetching/errors.ts";
import { manifestRecord } from "../../../src/fetching/mod.ts";
import { datesInRecords } from "../../../src/fetching/version_dates.ts";
import type { Operations } from "../../../src/control/mod.ts";
import { manifestSalt, type MutableItem } from "../../../src/records/mod.ts";
import { type MinimalManifest, signMinimal } from "../../../src/package/mod.ts";
import { type CertifiedKey, TestIdentity } from "../../support/identities.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { whenAborted } from "../../support/aborts.ts";

type LookUp = Operations["lookUp"];

async function recordOf(
  signer: CertifiedKey,
  version: string,
  timestamp: number,
): Promise<MutableItem> {
  const minimal = await signMinimal({
    ...{ name: "pkg", version, length: 1, timestamp, btih: "0".repeat(40) },
    archiveSha256: `sha256:${"0".repeat(64)}`,
  }, signer);
  return await manifestRecord(minimal, signer, timestamp);
}

Deno.test("each date is that of the first accepted manifest, and what does not come in time has none", async () => {
  const clock = new FakeClock();
  const identity = new TestIdentity();
  const publisher = await identity.certify();
  const other = await new TestIdentity().certify({}, publisher.pair);
  const { publicKey } = publisher;
  const ended: string[] = [];
  /** By version: what a node shows before it falls silent. */
  const shown: Record<string, MutableItem[]> = {
    "1.0.0": [await recordOf(publisher, "1.0.0", 1_000)],
    // The key signs for two identities; only one of them was asked for.
    "2.0.0": [await recordOf(other, "2.0.0", 2_000), await recordOf(publisher, "2.0.0", 2_500)],
    "3.0.0": [await recordOf(publisher, "1.0.0", 3_000)],
    "4.0.0": [await recordOf(publisher, "4.0.0", 4_000)],
    "5.0.0": [],
  };
  const lookUp: LookUp = ({ salt }, { signal, onEvent } = {}) => {
    const version = Object.keys(shown).find((one) =>
      toHex(manifestSalt("pkg", one)) === toHex(salt)
    )!;
    if (version === "5.0.0") {
      return Promise.reject(new FetchingError("network", "DHT_UNREACHABLE", "no node answers"));
    }
    for (const item of shown[version]!) onEvent?.({ item });
    return new Promise((_, reject) => {
      const end = () => {
        ended.push(version);
        reject(signal!.reason);
      };
      whenAborted(signal, end);
    });
  };
  const trust = {
    accepts: ({ version }: MinimalManifest) => version !== "4.0.0",
  } as never;
  const key = { key: publicKey, fromMs: 0 };
  const versions = Object.keys(shown).map((version) => ({ version, key }));
  const wanted = { publicKey: identity.root.publicKey, name: "pkg" };
  const finding = { clock, timeoutMs: 5_000 };
  const looking = datesInRecords({ lookUp }, trust, wanted, versions, finding);
  assert.deepEqual(ended, ["1.0.0", "2.0.0"], "a lookup ends as soon as its date is known");
  const dates = await clock.until(looking);
  assert.deepEqual([...dates].sort(), [["1.0.0", 1_000], ["2.0.0", 2_500]]);
  assert.deepEqual(ended.sort(), ["1.0.0", "2.0.0", "3.0.0", "4.0.0"]);

  const stop = new AbortController();
  const stopped = datesInRecords({ lookUp }, trust, wanted, versions, {
    ...finding,
    signal: stop.signal,
  });
  stop.abort(new Error("Ctrl-C"));
  await assert.rejects(stopped, /Ctrl-C/);
});
