/** Tests that `doctor` knows what this home has learned from others about its own key. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { checkKnownRevocations } from "../../../src/doctor/known_revocations.ts";
import { StateDatabase } from "../../../src/store/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { TestIdentity, trustOf } from "../../support/identities.ts";
import { temporaryHome } from "../../support/temporary_home.ts";

Deno.test("a key fails once its home has learned of the revocation, and no sooner", async () => {
  await using home = await temporaryHome();
  const clock = new FakeClock(1_000_000);
  const identity = new TestIdentity();
  const { publicKey, certificate } = await identity.certify();
  using state = StateDatabase.open(join(home.path, "state.db"), clock);
  const launcher = { signingKey: () => Promise.resolve({ publicKey, certificate }) };
  const check = async () => {
    const { verdict, what } = await checkKnownRevocations(
      home.path,
      () => state,
      clock,
      launcher,
    );
    return [verdict, what];
  };
  const sound = ["ok", "none of this home's key"];
  assert.deepEqual(await check(), sound);
  const trust = trustOf(state, clock);
  const revoked = (key: Uint8Array) =>
    identity.record({ seq: 2, revokedKeys: [{ key, sinceMs: 1, reason: "stolen" }] });
  const { publicKey: another } = await identity.certify();
  trust.learnRecord(await revoked(another));
  assert.deepEqual(await check(), sound);
  trust.learnRecord(await revoked(publicKey));
  const [verdict, what] = await check();
  assert.equal(verdict, "fail");
  assert.match(what!, /revoked this home's signing key since 1970-01-01 \("stolen"\)/);
});

Deno.test("a home without key or state has learned nothing", async () => {
  await using home = await temporaryHome();
  const launcher = { signingKey: () => Promise.reject(new Error("no key")) };
  const state = () => assert.fail("opens state.db");
  const { verdict } = await checkKnownRevocations(
    home.path,
    state,
    new FakeClock(1_000_000),
    launcher,
  );
  assert.equal(verdict, "ok");
});
