/** Tests the events of the operation `watch`, with hosts that are not there. */

import assert from "node:assert/strict";
import type {
  ProblemJson,
  StatusJson,
  WatchEvent,
  WatchKind,
} from "../../../../src/control/mod.ts";
import { LogLines } from "../../../../src/host/observing/log_lines.ts";
import type { ObservedHost } from "../../../../src/host/observing/parts.ts";
import { Watching } from "../../../../src/host/observing/watching.ts";
import type { ObservedDownload } from "../../../../src/host/seeding/mod.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";

/** A host that a test changes between the seconds. */
function world() {
  const clock = new FakeClock();
  const log = new LogLines(clock);
  const packages = { changes: 0 };
  const recordOperations = { changes: 0 };
  const downloads = {
    now: [] as ObservedDownload[],
    running: () => downloads.now,
    onEnd: undefined as ((ended: ObservedDownload) => void) | undefined,
  };
  const asked = { status: 0, problems: 0 };
  const now = { uploadSpeed: 1, problems: [] as ProblemJson[], fails: false };
  const status = {
    ...{ downloadSpeed: 2, peersConnected: 3, dht: { state: "on", silent: false } },
    ...{ traffic: { packetsIn: 10, packetsOut: 20 }, reachability: { reachable: "yes" } },
    ...{ dht6: { state: { state: "on" }, traffic: { packetsIn: 1, packetsOut: 2 } } },
    manager: { roundTripMs: 4.5 },
  };
  const host = {
    ...{ clock, log, packages, recordOperations, downloads, follows: () => undefined },
    operations: {
      status() {
        asked.status++;
        if (now.fails) return Promise.reject(new Error("dead"));
        return Promise.resolve(
          { ...status, uploadSpeed: now.uploadSpeed } as unknown as StatusJson,
        );
      },
    },
  } as unknown as ObservedHost;
  const watching = new Watching(host, {
    problems() {
      asked.problems++;
      return Promise.resolve(now.problems);
    },
  });
  const ending = new AbortController();
  return {
    ...{ clock, log, packages, recordOperations, downloads, asked, now, watching, ending },
    /** Watches until the test aborts; the events are in `events`. */
    watch(kinds?: WatchKind[]) {
      const aborting = new AbortController();
      const events: WatchEvent[] = [];
      const ended = watching.watch({ kinds }, {
        signal: aborting.signal,
        onEvent: (event) => events.push(event),
      }, ending.signal);
      return {
        ...{ events, ended },
        /** Takes the events out. */
        taken: () => events.splice(0),
        async end() {
          aborting.abort();
          await ended;
        },
      };
    },
  };
}

const problem: ProblemJson = { severity: "error", about: "dht", text: "off" };

Deno.test("rates come at once and then each second, with the packets of both families", async () => {
  const { clock, now, watch } = world();
  const watcher = watch(["rates"]);
  await settle();
  const rates = {
    ...{ kind: "rates", timeMs: clock.now(), uploadSpeed: 1, downloadSpeed: 2, peers: 3 },
    ...{ packetsIn: 11, packetsOut: 22, roundTripMs: 4.5 },
  };
  assert.deepEqual(watcher.taken(), [rates]);
  now.uploadSpeed = 5;
  await clock.advance(1_000);
  assert.deepEqual(watcher.taken(), [{ ...rates, timeMs: rates.timeMs + 1_000, uploadSpeed: 5 }]);
  await clock.advance(3_000);
  assert.equal(watcher.taken().length, 3);
  await watcher.end();
});

Deno.test("problems come at the start and when they change", async () => {
  const { clock, now, packages, watch } = world();
  const watcher = watch(["problems"]);
  await settle();
  assert.deepEqual(watcher.taken(), [{ kind: "problems", problems: [] }]);
  await clock.advance(30_000);
  assert.deepEqual(watcher.taken(), []);
  now.problems = [problem];
  packages.changes++;
  await clock.advance(6_000);
  assert.deepEqual(watcher.taken(), [{ kind: "problems", problems: [problem] }]);
  // Problems of the disk come without any change of the host.
  now.problems = [];
  await clock.advance(61_000);
  assert.deepEqual(watcher.taken(), [{ kind: "problems", problems: [] }]);
  await watcher.end();
});

Deno.test("problems are looked for when something changes, at most every five seconds", async () => {
  const { clock, asked, recordOperations, watch } = world();
  const watcher = watch(["problems"]);
  await settle();
  for (let second = 0; second < 20; second++) {
    recordOperations.changes++;
    await clock.advance(1_000);
  }
  assert.equal(asked.problems, 5);
  recordOperations.changes++;
  await clock.advance(6_000);
  assert.equal(asked.problems, 6);
  await clock.advance(50_000);
  assert.equal(asked.problems, 6);
  await watcher.end();
});

Deno.test("many changes of packages and records are one event a second", async () => {
  const { clock, packages, recordOperations, watch } = world();
  const watcher = watch(["packages", "records"]);
  await settle();
  packages.changes += 100;
  recordOperations.changes += 1_000;
  assert.deepEqual(watcher.taken(), []);
  await clock.advance(1_000);
  assert.deepEqual(watcher.taken(), [{ kind: "packages" }, { kind: "records" }]);
  await clock.advance(5_000);
  assert.deepEqual(watcher.taken(), []);
  recordOperations.changes++;
  await clock.advance(1_000);
  assert.deepEqual(watcher.taken(), [{ kind: "records" }]);
  await watcher.end();
});

Deno.test("a download has its progress each second, and its end with the error once", async () => {
  const { clock, downloads, watch } = world();
  const watcher = watch(["progress"]);
  await settle();
  const infoHash = "ab".repeat(20);
  const numbers = { lengthBytes: 100, downloadedBytes: 40, peers: 2, downloadSpeed: 9 };
  const one = {
    ...{ infoHash, fileName: "@a+b-c-1.2.3-rc.1.tgz" },
    progress: { ...numbers, checking: false },
  } as unknown as ObservedDownload;
  downloads.now = [one, { infoHash: "cd".repeat(20), fileName: "../evil.tgz" }];
  await clock.advance(1_000);
  const event = { kind: "progress", infoHash, ...numbers, done: false, label: "@a/b-c@1.2.3-rc.1" };
  assert.deepEqual(watcher.taken(), [event, {
    ...{ kind: "progress", infoHash: "cd".repeat(20), done: false },
    ...{ lengthBytes: 0, downloadedBytes: 0, peers: 0, downloadSpeed: 0 },
  }]);
  downloads.now = [];
  downloads.onEnd!({ ...one, error: new Error("no peers") });
  await clock.advance(1_000);
  assert.deepEqual(watcher.taken(), [{ ...event, done: true, error: "no peers" }]);
  await clock.advance(1_000);
  assert.deepEqual(watcher.taken(), []);
  await watcher.end();
});

Deno.test("a watcher gets the lines of the log that are new to it, and only what it wants", async () => {
  const { clock, log, packages, watch } = world();
  log.add("info", "before");
  const first = watch(["log"]);
  log.add("warn", "one");
  await clock.advance(1_000);
  const second = watch(["log"]);
  log.add("info", "two");
  packages.changes++;
  await clock.advance(1_000);
  const messages = (events: WatchEvent[]) =>
    events.map((event) => event.kind === "log" ? event.line.message : event.kind);
  assert.deepEqual(messages(first.taken()), ["one", "two"]);
  assert.deepEqual(messages(second.taken()), ["two"]);
  const all = watch();
  await settle();
  log.add("info", "three");
  await clock.advance(1_000);
  assert.deepEqual(messages(all.taken()), ["rates", "problems", "three", "rates"]);
  await Promise.all([first, second, all].map((one) => one.end()));
});

Deno.test("a thousand watchers share one sampler, and nothing is left when they have gone", async () => {
  const { clock, asked, downloads, log, watching, watch } = world();
  for (let round = 0; round < 10; round++) {
    const watchers = Array.from({ length: 100 }, () => watch());
    await settle();
    asked.status = 0;
    await clock.advance(3_000);
    assert.equal(asked.status, 3);
    assert.equal(clock.timers, 1);
    assert.ok(
      watchers.every(({ events }) => events.filter(({ kind }) => kind === "rates").length === 4),
    );
    await Promise.all(watchers.map((one) => one.end()));
    assert.deepEqual([watching.size, clock.timers, downloads.onEnd], [0, 0, undefined]);
  }
  asked.status = 0;
  log.add("info", "nobody reads this");
  await clock.advance(10_000);
  assert.equal(asked.status, 0);
});

Deno.test("watching ends with the host, and does not begin when it is ending", async () => {
  const { clock, ending, watching, watch } = world();
  const watcher = watch();
  await settle();
  ending.abort();
  await watcher.ended;
  assert.deepEqual([watching.size, clock.timers], [0, 0]);
  const late = watch();
  await late.ended;
  assert.deepEqual(late.events, []);
  const aborted = new AbortController();
  aborted.abort();
  await watching.watch({}, { signal: aborted.signal }, new AbortController().signal);
  assert.deepEqual([watching.size, clock.timers], [0, 0]);
});

Deno.test("a watcher that throws is ended, and the others go on; so do all after a failed look", async () => {
  const { clock, now, watching, watch } = world();
  const good = watch(["rates"]);
  await settle();
  let events = 0;
  const bad = watching.watch({ kinds: ["rates"] }, {
    onEvent() {
      if (events++ > 0) throw new Error("closed");
    },
  }, new AbortController().signal);
  await settle();
  const failed = assert.rejects(bad, /closed/);
  await clock.advance(1_000);
  await failed;
  assert.equal(watching.size, 1);
  now.fails = true;
  await clock.advance(2_000);
  now.fails = false;
  good.taken();
  await clock.advance(1_000);
  assert.equal(good.taken().length, 1);
  await good.end();
  assert.equal(clock.timers, 0);
});
