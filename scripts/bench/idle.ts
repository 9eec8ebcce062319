/**
 * Measures the cost of seeding packages that no peer downloads: `deno run -A scripts/bench/idle.ts
 * [--rounds N] [ROW…]`. Needs network namespaces, and therefore root.
 */

import { join } from "node:path";
import { type Contender, type Figures, type Row, runBenchmarks } from "./harness.ts";
import { type Holder, holders, PORT, RunningHolder } from "./idle_programs.ts";
import { fillHome } from "./many_packages.ts";
import { missing as doesNotRun } from "./transfer.ts";

/**
 * Delay from a program's start until the measurement, so that start-up work is over, and duration
 * of the measurement.
 */
const REST_MS = 60_000;
const WATCH_MS = 60_000;

const homes = new Map<string, Promise<string>>();

/** Returns a home with `count` packages. The home is made once per program. */
export function homeOf(name: string, holder: Holder, count: number): Promise<string> {
  const key = `${name} ${count}`;
  const made = homes.get(key) ?? (async () => {
    const home = await Deno.makeTempDir({ prefix: "libreseed-bench-idle-" });
    addEventListener("unload", () => Deno.removeSync(home, { recursive: true }));
    await fillHome(join(home), { count, port: PORT });
    await holder.prepare?.(home);
    return home;
  })();
  homes.set(key, made);
  return made;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Fixed cost of each program: its figures with no packages. */
const empty = new Map<string, { cpuSeconds: number; privateMiB: number }>();

async function hold(name: string, holder: Holder, count: number): Promise<Figures> {
  if (!empty.has(name)) {
    await using held = await RunningHolder.start(holder, await homeOf(name, holder, 0), 0);
    const { cpuSeconds } = held.used();
    empty.set(name, { cpuSeconds, privateMiB: await held.leastPrivateMiB(REST_MS) });
  }
  const home = await homeOf(name, holder, count);
  const begunMs = performance.now();
  await using held = await RunningHolder.start(holder, home, count);
  const startedMs = performance.now() - begunMs;
  const { cpuSeconds } = held.used();
  await sleep(REST_MS - startedMs);
  const before = held.used();
  const privateMiB = await held.leastPrivateMiB(WATCH_MS);
  const after = held.used();
  const base = empty.get(name)!;
  return {
    seconds: startedMs / 1_000,
    startMs: (cpuSeconds - base.cpuSeconds) * 1_000 / count,
    firstSeconds: before.cpuSeconds,
    idleSeconds: after.cpuSeconds - before.cpuSeconds,
    privateMiB,
    kilobytes: (privateMiB - base.privateMiB) * 1_048.576 / count,
    packets: after.packets - before.packets,
  };
}

/** Returns the reason why a program cannot be measured here, or `undefined`. */
export async function missing(name: string): Promise<string | undefined> {
  if (await doesNotRun("unshare", "-n", "true")()) {
    return "it takes a network namespace, and so root";
  }
  return name === "transmission" ? await doesNotRun("transmission-daemon", "-V")() : undefined;
}

function row(count: number, names: readonly string[]): Row {
  const contenders: Contender[] = names.map((name) => ({
    name,
    missing: () => missing(name),
    round: () => hold(name, holders[name]!, count),
  }));
  return {
    id: `idle-${count}`,
    title: `${count.toLocaleString("en")} packages that nobody wants`,
    about:
      `Archives of 64 KiB that were verified before, in a network of its own. After a restart: until ` +
      `all are seeded, and the processor's time for each beyond what an empty start takes; the ` +
      `processor's time in the first minute and in the second. Memory is the least private memory in ` +
      `the second minute, so that it is what is held and not what lies about until it is collected.`,
    metrics: [
      { key: "seconds", name: "until all are seeded", unit: "s" },
      { key: "startMs", name: "CPU of that, a package", unit: "ms" },
      { key: "firstSeconds", name: "CPU in the first minute", unit: "s" },
      { key: "idleSeconds", name: "CPU in the second", unit: "s" },
      { key: "privateMiB", name: "private memory", unit: "MiB" },
      { key: "kilobytes", name: "of it a package", unit: "kB" },
      { key: "packets", name: "UDP packets in it", unit: "" },
    ],
    contenders,
    rounds: 1,
    warmUp: false,
  };
}

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [
  row(100, ["libreseed", "transmission", "libtorrent", "WebTorrent on Node"]),
  row(1_000, ["libreseed", "transmission", "libtorrent", "WebTorrent on Node"]),
  row(10_000, ["libreseed", "transmission", "libtorrent"]),
];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
