/** Tests what `doctor` says about whether the home's key may sign: its certificate, and revocations. */

import assert from "node:assert/strict";
import { checkKey } from "../../../src/doctor/key.ts";

const NOW = Date.UTC(2026, 10, 30);
const DAY = 86_400_000;

/** Checks a key that is sound but for what is given. */
async function checked(
  limits: {
    fromMs?: number;
    untilMs?: number;
    names?: number;
    revoked?: { sinceMs: number; reason?: string };
  },
) {
  const publicKey = new Uint8Array(32);
  const key = { publicKey, identity: publicKey, directoryMode: 0o700, names: 1, ...limits };
  const launcher = { examineKey: () => Promise.resolve({ owners: [], key }) };
  const { verdict, what, mend } = await checkKey("/home", undefined, NOW, launcher);
  return { verdict, what, mend };
}

Deno.test("a key whose certificate has no end, or a far one, is sound", async () => {
  for (const limits of [{}, { fromMs: NOW }, { fromMs: 0, untilMs: NOW + 15 * DAY }]) {
    assert.equal((await checked(limits)).verdict, "ok");
  }
});

Deno.test("a certificate that ends within 14 days is a warning, and one that has ended a failure", async () => {
  const near = await checked({ fromMs: 0, untilMs: NOW + 13 * DAY });
  assert.deepEqual([near.verdict, near.what], ["warn", "its certificate ends on 2026-12-13"]);
  const ended = await checked({ fromMs: 0, untilMs: NOW - 1 });
  assert.equal(ended.verdict, "fail");
  assert.match(ended.what, /^its certificate ended on 2026-11-29, so it signs nothing more/);
  assert.match(ended.mend!, /libreseed key certify ed25519:A{43}=$/);
});

Deno.test("a certificate that begins in the future is a failure, give or take the clocks", async () => {
  assert.equal((await checked({ fromMs: NOW + 60_000 })).verdict, "ok");
  const early = await checked({ fromMs: NOW + DAY });
  assert.equal(early.verdict, "fail");
  assert.match(early.what, /begins on 2026-12-01, so it signs nothing yet/);
});

Deno.test("a key that its identity has revoked is a failure, whatever else is wrong with it", async () => {
  const revoked = { sinceMs: NOW - DAY, reason: "stolen" };
  const { verdict, what, mend } = await checked({ revoked, names: 2, untilMs: NOW - DAY });
  assert.equal(verdict, "fail");
  assert.match(
    what,
    /^the identity has revoked this home's signing key since 2026-11-29 \("stolen"\)/,
  );
  assert.match(mend!, /libreseed key rotate$/);
});
