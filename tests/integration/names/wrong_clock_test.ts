/**
 * Tests commands on a machine with a wrong clock, in a DHT of real nodes: refusals, warnings, and
 * the repair by the next `publish`.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../src/base/mod.ts";
import { type Io, processIo, runCli } from "../../../src/cli/mod.ts";
import { homePaths } from "../../../src/control/mod.ts";
import { StateDatabase } from "../../../src/store/mod.ts";
import { type Home, newPlace, type Place } from "../../support/place.ts";
import { freePort } from "../../support/mod.ts";
import { fakeIo } from "../../support/fake_io.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Runs a command in the test's process, with a clock that is wrong by `offsetMs`. */
async function run(place: Place, home: Home, offsetMs: number, args: string[]) {
  const io: Io = {
    ...fakeIo({
      env: {
        LIBRESEED_HOME: home.path,
        LIBRESEED_BOOTSTRAP: place.testnet.bootstrap,
        LIBRESEED_ALLOW_LOCAL: "true",
        LIBRESEED_PORT: String(await freePort()),
        LIBRESEED_TIMEOUT: "60s",
      },
    }),
    cwd: home.path,
    userHome: home.path,
    readFile: processIo().readFile,
    clock: { ...systemClock, now: () => Date.now() + offsetMs },
  };
  const code = await runCli(args, io);
  const { stdout, stderr } = io as ReturnType<typeof fakeIo>;
  return { code, stdout: stdout.text, stderr: stderr.text };
}

async function must(place: Place, home: Home, offsetMs: number, args: string[]) {
  const result = await run(place, home, offsetMs, args);
  assert.equal(result.code, 0, `${args.join(" ")}\n${result.stdout}${result.stderr}`);
  return result;
}

/** Makes a home remember the publisher of a name, as `get` does. */
function use(home: Home, name: string, publicKey: Uint8Array, lastVersion: string): void {
  using state = StateDatabase.open(homePaths(home.path).state, systemClock);
  state.pins.set({ name, publicKey, firstSeenMs: Date.now(), lastVersion });
}

Deno.test("signing commands refuse a clock before the release date, name the date and the remedy, and write nothing", async () => {
  await using place = await newPlace();
  const ann = await place.home();
  const source = await place.source("hello", "1.0.0");
  await must(place, ann, 0, ["pack", source, "-o", join(ann.path, "ready.tgz")]);
  const before = [...Deno.readDirSync(ann.path)].map(({ name }) => name).sort();
  for (
    const args of [
      ["pack", source, "-o", join(ann.path, "late.tgz")],
      ["publish", source],
      ["publish", join(ann.path, "ready.tgz")],
      ["manifest", "put", join(ann.path, "ready.minimal.json")],
    ]
  ) {
    const { code, stdout, stderr } = await run(place, ann, -Date.now(), [...args, "--json"]);
    assert.deepEqual([code, stdout], [1, ""], `${args.join(" ")}\n${stderr}`);
    const { error } = JSON.parse(stderr.trimEnd().split("\n").at(-1)!);
    assert.equal(error.code, "CLOCK_BEHIND");
    assert.match(error.message, /1970-01-01.*Set the clock/);
  }
  const made = [...Deno.readDirSync(ann.path)].map(({ name }) => name);
  assert.deepEqual(made.filter((name) => name.startsWith("late")), []);
  assert.deepEqual(before.filter((name) => !made.includes(name)), []);
  assert.deepEqual(ann.files(), []);
  assert.deepEqual(ann.holders("hello", "1.0.0"), []);
});

Deno.test("a publish with the clock a month ahead hides a package, and the next publish with the right clock repairs it", async () => {
  await using place = await newPlace();
  const [ann, bob] = [await place.home(), await place.home(null)];
  const source = await place.source("hello", "1.0.0");
  await must(place, ann, 30 * DAY_MS, ["publish", source]);
  const hidden = await run(place, bob, 0, ["resolve", "hello"]);
  assert.equal(hidden.code, 3, hidden.stderr);
  const { stderr } = await must(place, ann, 0, ["publish", source]);
  assert(!stderr.includes("warning"), stderr);
  const { stdout } = await must(place, bob, 0, ["resolve", "hello", "--json"]);
  const { version, pubkey, timestamp } = JSON.parse(stdout);
  assert.deepEqual([version, pubkey], ["1.0.0", ann.publicKey]);
  assert(timestamp <= Date.now(), "the manifest is still dated in the future");
});

Deno.test("doctor compares the clock with the name indexes in the DHT, and publish warns", async () => {
  await using place = await newPlace();
  const [ann, bob] = [await place.home(), await place.home()];
  await must(place, ann, 0, ["publish", await place.source("hello", "1.0.0")]);
  const check = async (offsetMs: number) => {
    const { stdout, stderr } = await run(place, bob, offsetMs, ["doctor", "--json"]);
    const checks = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    const found = checks.find(({ name }) => name === "dht clock");
    assert(found, stdout + stderr);
    return found;
  };
  use(bob, "hello", ann.keys.publicKey, "1.0.0");
  const right = await check(0);
  assert.deepEqual([right.verdict, right.mend], ["ok", undefined]);
  assert.match(right.what, /agree/);
  for (
    const [offsetMs, words] of [
      [-HOUR_MS, /behind by (59|60|61) min/],
      [6 * HOUR_MS, /ahead by (179|180|181) min|ahead by 3 h/],
      [30 * DAY_MS, /the date seems to be wrong/],
    ] as const
  ) {
    const wrong = await check(offsetMs);
    assert.equal(wrong.verdict, "warn", `${offsetMs}: ${wrong.what}`);
    assert.match(wrong.what, words);
    assert.match(wrong.mend, /set the clock/);
  }
  const mine = await place.source("mine", "1.0.0");
  const { stderr } = await must(place, bob, 30 * DAY_MS, ["publish", mine]);
  assert.match(stderr, /warning: the clock: .*Set the clock.*publish again/);
});
