import assert from "node:assert/strict";
import { bytes, withState } from "./state_values.ts";

const DAY_MS = 86_400_000;

Deno.test("requests for a mirrored archive count half after a week, also when it has left", () =>
  withState(({ mirrored }) => {
    const hash = bytes(20, 1);
    mirrored.ask(hash, 0);
    assert.equal(mirrored.wanted(hash, 0), undefined, "it is not mirrored");
    mirrored.hold(hash, 0);
    for (let i = 0; i < 4; i++) mirrored.ask(hash, 0);
    assert.equal(mirrored.wanted(hash, 7 * DAY_MS), 2);
    mirrored.leave(hash);
    assert.equal(mirrored.isHeld(hash), false);
    mirrored.ask(hash, 7 * DAY_MS);
    assert.equal(mirrored.wanted(hash, 14 * DAY_MS), 1.5);
    mirrored.hold(hash, 15 * DAY_MS);
    assert.equal(mirrored.wanted(hash, 14 * DAY_MS), 1.5, "its past is not forgotten");
    assert.equal(mirrored.wanted(hash, -DAY_MS), 3, "a clock that was set back changes nothing");
    mirrored.claim(hash);
    assert.equal(mirrored.wanted(hash, 0), undefined);
  }));

Deno.test("of the archives that have left, the most wanted are remembered", () =>
  withState(({ mirrored }) => {
    const hashes = [1, 2, 3, 4].map((fill) => bytes(20, fill));
    for (const [asks, hash] of hashes.entries()) {
      mirrored.hold(hash, 0);
      for (let i = 0; i < asks; i++) mirrored.ask(hash, 0);
    }
    for (const hash of hashes.slice(1)) mirrored.leave(hash, 2);
    const wanted = hashes.map((hash) => mirrored.wanted(hash, 0));
    assert.deepEqual(wanted, [0, undefined, 2, 3], "the first is still there, and stays");
  }));
