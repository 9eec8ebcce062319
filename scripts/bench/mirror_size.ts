/**
 * Measures the start and the memory of a mirror with many versions: `deno run -A
 * scripts/bench/mirror_size.ts [--rounds N] [ROW…]`. Needs network namespaces, and therefore root.
 */

import { join } from "node:path";
import { systemClock } from "../../src/base/mod.ts";
import { homePaths } from "../../src/control/mod.ts";
import { StateDatabase } from "../../src/store/mod.ts";
import { type Figures, type Row, runBenchmarks } from "./harness.ts";
import { missing } from "./idle.ts";
import { holders, PORT, RunningHolder } from "./idle_programs.ts";
import { type Filled, fillHome, fillSeedDirectory } from "./many_packages.ts";

/**
 * Delay from the start until memory is measured, so that start-up work and its garbage are gone, and
 * duration of the measurement.
 */
const REST_MS = 60_000;
const WATCH_MS = 30_000;
const VERSIONS_PER_NAME = 100;

const libreseed = holders.libreseed!;
const mirror: typeof libreseed = {
  ...libreseed,
  command: (home) => [...libreseed.command(home), "--mirror", "--max-disk", "1TB"],
};

const homes = new Map<number, Promise<string>>();

/** Fills the home of a mirror that follows one publisher and has `count` of its versions. */
export async function fillMirror(home: string, count: number): Promise<Filled> {
  const filled = await fillSeedDirectory(join(home, "seed"), count, {
    versionsPerName: VERSIONS_PER_NAME,
    sparse: true,
  });
  await fillHome(home, { count, port: PORT, filled, isMirror: true });
  return filled;
}

/** Returns the home of a mirror with `count` versions. It is made once. */
function homeOf(count: number): Promise<string> {
  const made = homes.get(count) ?? (async () => {
    const home = await Deno.makeTempDir({ prefix: "libreseed-bench-mirror-" });
    addEventListener("unload", () => Deno.removeSync(home, { recursive: true }));
    await fillMirror(home, count);
    await settle(home, count);
    return home;
  })();
  homes.set(count, made);
  return made;
}

/**
 * Runs the mirror once, until it has listed its directory and read the members of its archives, which a start
 * after this one need not do again.
 */
async function settle(home: string, count: number): Promise<void> {
  await using _held = await RunningHolder.start(mirror, home, count);
  using state = StateDatabase.open(homePaths(home).state, systemClock);
  const directory = join(home, "seed");
  while (!state.listings.get(directory) || state.members.unread(directory, 1).length > 0) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

async function hold(count: number): Promise<Figures> {
  const home = await homeOf(count);
  const begunMs = performance.now();
  await using held = await RunningHolder.start(mirror, home, count);
  const startedMs = performance.now() - begunMs;
  const { cpuSeconds } = held.used();
  await new Promise((resolve) => setTimeout(resolve, REST_MS - startedMs));
  const before = held.used();
  const privateMiB = await held.leastPrivateMiB(WATCH_MS);
  return {
    seconds: startedMs / 1_000,
    cpuSeconds,
    privateMiB,
    idleSeconds: held.used().cpuSeconds - before.cpuSeconds,
    firstSeconds: before.cpuSeconds,
  };
}

function row(count: number): Row {
  return {
    id: `mirror-${count}`,
    title: `A mirror of ${count.toLocaleString("en")} versions`,
    about:
      `The home of a mirror that follows a publisher: ${count.toLocaleString("en")} versions ` +
      `of ${
        (count / VERSIONS_PER_NAME).toLocaleString("en")
      } names, sparse archives of 64 KiB that ` +
      "were verified and announced before and looked at by an earlier start, in a network of its " +
      "own where no node answers. From a " +
      "restart until all are seeded; the processor's time until then, in the first minute, and in " +
      `the ${WATCH_MS / 1_000} s after it. Memory is the least private memory in these.`,
    metrics: [
      { key: "seconds", name: "until all are seeded", unit: "s" },
      { key: "cpuSeconds", name: "CPU of that", unit: "s" },
      { key: "firstSeconds", name: "CPU in the first minute", unit: "s" },
      { key: "idleSeconds", name: "CPU in 30 s after it", unit: "s" },
      { key: "privateMiB", name: "private memory", unit: "MiB" },
    ],
    contenders: [{
      name: "libreseed",
      missing: () => missing("libreseed"),
      round: () => hold(count),
    }],
    rounds: 3,
    warmUp: false,
  };
}

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [row(10_000), row(100_000)];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
