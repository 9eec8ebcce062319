import assert from "node:assert/strict";
import { LivenessMonitor, SILENT_AFTER_MS } from "../../../src/control/liveness.ts";
import { FakeClock } from "../../support/fake_clock.ts";

/** Makes a liveness monitor, a counter of its reports, and a list of the pings that it sent. */
function newWatch() {
  const clock = new FakeClock();
  const seen = { told: 0 };
  const questions: (PromiseWithResolvers<void> & { signal: AbortSignal })[] = [];
  const watch = new LivenessMonitor({
    clock,
    onSilence: () => seen.told++,
    probe(signal) {
      const question = { ...Promise.withResolvers<void>(), signal };
      questions.push(question);
      return question.promise;
    },
  });
  return { clock, seen, questions, watch };
}

Deno.test("a request that the host does not accept is reported once, without a probe", async () => {
  const { clock, seen, questions } = newWatch();
  await clock.advance(SILENT_AFTER_MS - 1);
  assert.equal(seen.told, 0);
  await clock.advance(1);
  assert.equal(seen.told, 1);
  await clock.advance(10 * SILENT_AFTER_MS);
  assert.deepEqual([seen.told, questions.length, clock.timers], [1, 0, 0]);
});

Deno.test("long work is not reported while the host answers probes", async () => {
  const { clock, seen, questions, watch } = newWatch();
  watch.heard();
  for (let i = 0; i < 10; i++) {
    await clock.advance(SILENT_AFTER_MS);
    assert.equal(questions.length, i + 1);
    // A ping that is answered with an error is a sign of life too.
    if (i % 2 === 0) questions[i]!.resolve();
    else questions[i]!.reject(new Error("not now"));
  }
  await clock.advance(0);
  assert.equal(seen.told, 0);
  watch[Symbol.dispose]();
  assert.equal(clock.timers, 0);
});

Deno.test("a host that stops during long work is reported, and its probe is aborted", async () => {
  const { clock, seen, questions, watch } = newWatch();
  watch.heard();
  await clock.advance(2 * SILENT_AFTER_MS - 1);
  assert.deepEqual([seen.told, questions.length], [0, 1]);
  await clock.advance(1);
  assert.equal(seen.told, 1);
  assert.ok(questions[0]!.signal.aborted);
  watch.heard();
  assert.equal(clock.timers, 0);
});

Deno.test("a part of the answer counts while a probe is open, and the probe's answer changes nothing", async () => {
  const { clock, seen, questions, watch } = newWatch();
  watch.heard();
  await clock.advance(SILENT_AFTER_MS + 1);
  watch.heard();
  questions[0]!.resolve();
  await clock.advance(SILENT_AFTER_MS - 1);
  assert.deepEqual([seen.told, questions.length], [0, 1]);
  await clock.advance(1);
  assert.equal(questions.length, 2);
  watch[Symbol.dispose]();
  assert.deepEqual([seen.told, clock.timers], [0, 0]);
});
