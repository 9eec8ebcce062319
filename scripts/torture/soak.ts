/**
 * A long run of all operations: publish, get, add, remove, announce, with announcing again every
 * minute. Checks that memory, file descriptors, sockets, threads and timers of the daemons stay
 * constant, and reports how often their threads wake up, which is the cost of timers.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { minimalFileName } from "../../src/package/mod.ts";
import { type Daemon, type Home, newPlace, type Place } from "../../tests/support/place.ts";
import { fromSources } from "../../tests/support/cli.ts";
import { type Case, most, peakBytes, type Report } from "./case.ts";

const MINUTE_MS = 60_000;
const SAMPLE_MS = 15_000;
/** Number of rounds between publishing a version and removing it. */
const KEPT = 15;
/** Pause after each round, so that the number of rounds depends little on the machine's speed. */
const PAUSE_MS = 1_000;
/** Maximum growth of memory between the second and the last third of the run. */
const MAX_GROWTH_BYTES = 40 * 2 ** 20;
const MAX_GROWTH_COUNT = 15;

/**
 * Command line that runs libreseed from its sources and preloads `count_timers.ts`. The preloaded
 * module counts the pending timers of the process.
 */
const program = fromSources.toSpliced(
  -1,
  0,
  `--preload=${fileURLToPath(new URL("count_timers.ts", import.meta.url))}`,
);

/** Resource use of a daemon at one moment. */
interface Sample {
  rssBytes: number;
  files: number;
  sockets: number;
  threads: number;
  timers: number;
  /** Voluntary context switches of the process's threads, per second since the previous sample. */
  wakeUps: number;
}

/** Samples the resource use of one daemon at intervals. */
class Sampler {
  readonly samples: Sample[] = [];
  readonly #process: Daemon["process"];
  #waits = new Map<string, number>();
  #atMs = 0;

  constructor({ process }: Daemon) {
    this.#process = process;
  }

  async look(): Promise<void> {
    const { pid, stderr } = this.#process;
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    let [files, sockets] = [0, 0];
    for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
      files++;
      const to = await Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => "");
      if (to.startsWith("socket:")) sockets++;
    }
    const timers = /^timers: main (\d+), engine (\d+)$/.exec(
      stderr.trimEnd().split("\n").findLast((line) => line.startsWith("timers: ")) ?? "",
    );
    const wakeUps = await this.#wakeUps();
    // The first sample is skipped, because rates need a previous sample, and the timers may not
    // have been printed yet.
    if (wakeUps === undefined || !timers) return;
    this.samples.push({
      rssBytes: field(status, "VmRSS") * 1_024,
      files,
      sockets,
      threads: field(status, "Threads"),
      timers: Number(timers[1]) + Number(timers[2]),
      wakeUps,
    });
  }

  async #wakeUps(): Promise<number | undefined> {
    const tasks = `/proc/${this.#process.pid}/task`;
    const waits = new Map<string, number>();
    let count = 0;
    for await (const { name } of Deno.readDir(tasks)) {
      // The thread may have ended before its status was read.
      const status = await Deno.readTextFile(`${tasks}/${name}/status`).catch(() => undefined);
      if (status === undefined) continue;
      waits.set(name, field(status, "voluntary_ctxt_switches"));
      count += waits.get(name)! - (this.#waits.get(name) ?? 0);
    }
    const nowMs = performance.now();
    const seconds = (nowMs - this.#atMs) / 1_000;
    const isFirst = this.#atMs === 0;
    [this.#waits, this.#atMs] = [waits, nowMs];
    return isFirst ? undefined : Math.round(count / seconds);
  }
}

function field(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)![1]);
}

/** Returns the median of a figure over the n-th third of the samples. */
function median(samples: Sample[], third: number, of: keyof Sample): number {
  const length = Math.floor(samples.length / 3);
  const part = samples.slice(third * length, (third + 1) * length).map((sample) => sample[of]);
  return part.sort((a, b) => a - b)[Math.floor(part.length / 2)] ?? 0;
}

function compare(who: string, samples: Sample[]): { text: string; isFlat: boolean } {
  const at = (of: keyof Sample) => [0, 1, 2].map((third) => median(samples, third, of));
  const memory = at("rssBytes");
  const kinds = ["files", "sockets", "threads", "timers"] as const;
  const counts = kinds.map((of) => [of, at(of)] as const);
  const isFlat = memory[2]! - memory[1]! < MAX_GROWTH_BYTES &&
    counts.every(([, [, before, after]]) => after! - before! < MAX_GROWTH_COUNT);
  const texts = [
    `${memory.map((bytes) => Math.round(bytes / 2 ** 20)).join("/")} MiB`,
    ...counts.map(([of, values]) => `${values.join("/")} ${of}`),
    `${at("wakeUps").join("/")} times a second woken`,
  ];
  return { text: `${who} ${texts.join(", ")}`, isFlat };
}

/** Runs one round of operations. Each operation is a separate command. */
async function round(place: Place, publisher: Home, other: Home, number: number) {
  const name = `p${number % 5}`;
  const version = `1.0.${number}`;
  const label = `${name}@${version}`;
  const source = await place.source(name, version, `${number}\n`);
  await Deno.writeFile(join(source, "noise"), crypto.getRandomValues(new Uint8Array(65_536)));
  await publisher.must(["publish", "-q", source]);
  const what = `${publisher.publicKey}/${label}`;
  await other.must(["get", "-q", what]);
  const added = join(place.path, `a-${number}.tgz`);
  await publisher.must(["pack", "-q", "--name", "a", "--out", added, source]);
  await other.must(["add", "-q", added]);
  for (const path of [added, minimalFileName(added)]) await Deno.remove(path);
  if (number % 3 === 0) await publisher.must(["announce", label]);
  if (number % 4 === 0) await other.must(["resolve", what]);
  if (number >= KEPT) {
    const old = number - KEPT;
    for (const home of [publisher, other]) {
      await home.must(["remove", "-q", `p${old % 5}@1.0.${old}`]);
    }
    await other.must(["remove", "-q", `a@1.0.${old}`]);
  }
  await Deno.remove(source, { recursive: true });
}

export const soak: Case = {
  name: "soak: publish, get, add, announce, remove",
  async run(scale, minutes = scale) {
    const report: Report = { tried: 0, survived: 0, lost: 0, note: "" };
    await using place = await newPlace();
    const [publisher, other] = [await place.home(), await place.home()];
    const options = {
      timeoutMs: (minutes + 30) * MINUTE_MS,
      program,
      env: { TMPDIR: place.path },
    };
    const often = ["--reannounce-interval", "1m"];
    await using seeding = await publisher.daemon(often, options);
    await using getting = await other.daemon(often, options);
    const samplers = { publisher: new Sampler(seeding), getter: new Sampler(getting) };
    const endMs = performance.now() + minutes * MINUTE_MS;
    const sampling = (async () => {
      while (performance.now() < endMs) {
        for (const sampler of Object.values(samplers)) await sampler.look();
        await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
      }
    })();
    while (performance.now() < endMs) {
      const number = report.tried++;
      try {
        await round(place, publisher, other, number);
        report.survived++;
      } catch (error) {
        console.error(String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    await sampling;
    const kept = Math.min(report.tried, KEPT);
    for (const [home, wanted] of [[publisher, kept], [other, 2 * kept]] as const) {
      const { packages } = JSON.parse(await home.must(["status", "--json"])) as {
        packages: number;
      };
      report.lost += Math.max(wanted - packages, 0);
    }
    const results = Object.entries(samplers).map(([who, { samples }]) => compare(who, samples));
    report.worstBytes = most(await peakBytes(seeding), await peakBytes(getting));
    report.note = `rounds in ${minutes} minutes; medians of the thirds of the time: ` +
      results.map(({ text }) => text).join("; ");
    if (results.some(({ isFlat }) => !isFlat)) report.problem = "not flat";
    await seeding.end();
    await getting.end();
    return report;
  },
};
