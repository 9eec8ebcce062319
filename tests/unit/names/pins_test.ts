import assert from "node:assert/strict";
import { checkPin } from "../../../src/names/pins.ts";
import { NamesError } from "../../../src/names/errors.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { minimalBy, temporaryTrust, TestIdentity } from "../../support/identities.ts";

const NOW = Date.UTC(2026, 10, 29);

Deno.test("a pinned key stands for the identity for which it has signed, until it is revoked", async () => {
  const clock = new FakeClock(NOW);
  await using home = await temporaryTrust(clock);
  const { trust } = home;
  const [identity, other] = [new TestIdentity(), new TestIdentity()];
  const key = await identity.certify({ fromMs: NOW });
  const pins = [{ name: "hello", publicKey: key.publicKey, firstSeenMs: NOW }];
  const check = (root: Uint8Array) => checkPin("hello", root, pins, trust);
  const isRefused = (work: () => void) =>
    assert.throws(work, (error: NamesError) => error.code === "PUBLISHER_CHANGED");
  check(key.publicKey);
  // A certificate of some root for the key proves nothing: any root can certify any key.
  isRefused(() => check(identity.root.publicKey));
  trust.remember(await minimalBy(key, NOW));
  check(identity.root.publicKey);
  isRefused(() => check(other.root.publicKey));
  const revokedKeys = [{ key: key.publicKey, sinceMs: NOW }];
  trust.learnRecord(await identity.record({ seq: NOW, revokedKeys }));
  isRefused(() => check(identity.root.publicKey));
});
