/**
 * Measures how costs grow with the number of packages in a home: `deno run -A
 * scripts/bench/growth.ts [--into FILE] [--picture FILE] [--together COUNT]… [COUNT…]` (defaults:
 * 0, 300, 3,000 and 30,000 packages; 10, 100 and 1,000 published together). Prints a table with the
 * growth exponent of each cost, draws a chart, and measures publishing several packages with one
 * command. Everything runs in a test network on 127.0.0.1. Figures that FILE already contains are
 * not measured again.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { parseScriptArgs } from "../arguments.ts";
import { systemClock } from "../../src/base/mod.ts";
import { connectControl } from "../../src/control/client.ts";
import { startTestnet } from "../../src/testnet/mod.ts";
import { freePort } from "../../tests/support/free_port.ts";
import { killDescendantsOnSignal } from "./process_tree.ts";
import { summary } from "./harness.ts";
import { fillHome } from "./many_packages.ts";
import { draw, exponentOf, growthOf, type Series } from "./picture.ts";
import { CpuMeter, privateMiB } from "./process_figures.ts";
import { libreseed } from "./transfer.ts";

/**
 * `TIMES`: number of times that each operation on packages is measured; the median is reported.
 * `STARTS`: number of measured daemon starts.
 */
const TIMES = 5;
const STARTS = 3;
/** Number of records that one measured `announce` command announces. */
const ANNOUNCED = 10;
/**
 * Delay from the start of a daemon until it is measured at rest, and duration of the measurement.
 */
const REST_MS = 30_000;
const WATCH_MS = 30_000;

killDescendantsOnSignal();
const { values, positionals } = parseScriptArgs({
  options: {
    picture: { type: "string" },
    into: { type: "string" },
    together: { type: "string", multiple: true, default: ["10", "100", "1000"] },
  },
  allowPositionals: true,
});
const counts = positionals.length > 0 ? positionals.map(Number) : [0, 300, 3_000, 30_000];

/** Costs for all packages of a home, which include the fixed costs of an empty home. */
const ofAll = {
  start: "start-up: CPU until all are seeded, ms",
  memory: "private memory, kB",
  idle: "idle: CPU in 30 s, ms",
};
/** Costs for one additional package in the home. */
const ofOne = {
  announce: `re-announcing ${ANNOUNCED} of them, ms`,
  publish: "publishing one more, ms",
  alone: "the same without a daemon, ms",
  get: "getting one, ms",
};
type Cost = keyof typeof ofAll | keyof typeof ofOne;
type Costs = Partial<Record<Cost, number>>;

const testnet = await startTestnet({ nodes: 20 });
const directory = await Deno.makeTempDir({ prefix: "libreseed-bench-growth-" });
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Packets per second that `announce` may send. With the program's default limit, announcing would
 * take hours.
 */
const NO_LIMIT = "100000";
/**
 * The program's default limit of packets per second, so that announcing does not add to the
 * measured start.
 */
const OWN_LIMIT = "200";

function environment(home: string, port: number, rate = NO_LIMIT): Record<string, string> {
  return {
    ...Deno.env.toObject(),
    LIBRESEED_HOME: home,
    LIBRESEED_PORT: String(port),
    LIBRESEED_BOOTSTRAP: testnet.bootstrap,
    LIBRESEED_ALLOW_LOCAL: "true",
    LIBRESEED_DHT_RATE: rate,
  };
}

/** Runs a command until it ends, and returns its duration in milliseconds. */
function run(home: string, ...args: string[]): Promise<number> {
  return runReading("", home, ...args);
}

/** Runs a command that reads standard input, and returns its duration in milliseconds. */
async function runReading(input: string, home: string, ...args: string[]): Promise<number> {
  const [program, ...rest] = libreseed(...args);
  const begunMs = performance.now();
  const command = new Deno.Command(program!, {
    args: rest,
    env: environment(home, 0),
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const output = command.output();
  const writer = command.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { success, stderr } = await output;
  if (!success) throw new Error(`${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return performance.now() - begunMs;
}

async function median(work: (time: number) => Promise<number>): Promise<number> {
  const figures: number[] = [];
  for (let time = 0; time < TIMES; time++) figures.push(await work(time));
  return summary(figures).median;
}

/** Starts a daemon, and waits until the daemon seeds all packages. */
async function start(home: string, count: number, port: number, rate?: string) {
  const [program, ...rest] = libreseed("seed");
  const process = spawn(program!, rest, { env: environment(home, port, rate), stdio: "ignore" });
  const { pid } = process;
  const cpu = new CpuMeter(() => [pid!]);
  let connected;
  while (!(connected = await connectControl(home, { clock: systemClock }))) await sleep(20);
  const { operations } = connected.client;
  while ((await operations.status()).packages < count) await sleep(20);
  return { process, client: connected.client, cpu };
}

/**
 * Returns the processor time from the start of a daemon until it seeds all packages, in
 * milliseconds.
 */
async function startUp(home: string, count: number, port: number): Promise<number> {
  const { process, client, cpu } = await start(home, count, port, OWN_LIMIT);
  using meter = cpu;
  const { seconds } = meter;
  client.close();
  await ended(process);
  return seconds * 1_000;
}

async function ended(process: ChildProcess): Promise<void> {
  const closed = new Promise((resolve) => process.once("close", resolve));
  process.kill("SIGTERM");
  await closed;
}

/**
 * Publishes `count` packages with one command into a new home with a daemon. Returns the duration
 * in milliseconds.
 */
async function publishTogether(count: number): Promise<number> {
  const home = join(directory, `together-${count}`);
  const port = await freePort();
  await fillHome(home, { count: 0, port });
  const paths: string[] = [];
  for (let i = 0; i < count; i++) {
    const path = join(directory, `sources-${count}`, String(i));
    await Deno.mkdir(path, { recursive: true });
    const manifest = JSON.stringify({ name: `package-${i}`, version: "1.0.0" });
    await Deno.writeTextFile(join(path, "package.json"), manifest);
    paths.push(path);
  }
  const { process, client, cpu } = await start(home, 0, port);
  using _ = cpu;
  try {
    return await runReading(`${paths.join("\n")}\n`, home, "publish", "-");
  } finally {
    client.close();
    await ended(process);
  }
}

async function measure(count: number): Promise<Costs> {
  const home = join(directory, `home-${count}`);
  const port = await freePort();
  await fillHome(home, { count, port });
  const starts: number[] = [];
  for (let time = 0; time < STARTS; time++) starts.push(await startUp(home, count, port));
  const source = await Deno.makeTempDir({ dir: directory });
  const publish = async (time: number) => {
    const name = `one-more-${time}`;
    const manifest = JSON.stringify({ name, version: "1.0.0" });
    await Deno.writeTextFile(join(source, "package.json"), manifest);
    return await run(home, "publish", source);
  };
  const { process, client, cpu } = await start(home, count, port);
  using meter = cpu;
  const costs: Costs = {};
  try {
    await sleep(REST_MS);
    const { seconds } = meter;
    // The minimum over time is taken, so that memory waiting for garbage collection is not counted.
    let memory = Infinity;
    for (
      const endMs = performance.now() + WATCH_MS;
      performance.now() < endMs;
      await sleep(1_000)
    ) {
      memory = Math.min(memory, privateMiB(process.pid!) * 1_048.576);
    }
    costs.start = summary(starts).median;
    costs.memory = memory;
    costs.idle = (meter.seconds - seconds) * 1_000;
    if (count === 0) return costs;
    const packages = Array.from({ length: ANNOUNCED }, (_, i) => ({ name: `package-${i}` }));
    costs.announce = await median(async () => {
      const begunMs = performance.now();
      await client.operations.announce({ packages });
      return performance.now() - begunMs;
    });
    // The first `publish` builds the list of all packages, and is not measured.
    await publish(TIMES);
    costs.publish = await median(publish);
    const all = await client.operations.list();
    costs.get = await median(async (time) => {
      const to = join(directory, `getter-${count}-${time}`);
      const { name, magnet } = all.find(({ name }) => name === `one-more-${time}`)!;
      // A testnet node stores 10,000 items, fewer than 30,000 packages have. The oldest records
      // have been dropped, and are put again.
      await client.operations.announce({ packages: [{ name }] });
      return await run(to, "get", magnet!, "-o", "-");
    });
  } finally {
    client.close();
    await ended(process);
  }
  costs.alone = await median((time) => publish(TIMES + 1 + time));
  return costs;
}

/** Reads the figures of an earlier run, by number of packages. */
function readBefore(): Map<number, Costs> {
  try {
    return new Map(JSON.parse(Deno.readTextFileSync(values.into!)));
  } catch {
    return new Map();
  }
}

try {
  const measured = values.into === undefined ? new Map<number, Costs>() : readBefore();
  for (const count of counts) {
    measured.set(count, await measure(count));
    console.error(`${count} packages`);
    if (values.into !== undefined) {
      Deno.writeTextFileSync(values.into, JSON.stringify([...measured]));
    }
  }
  const sorted = [...measured].sort(([a], [b]) => a - b);
  const all = sorted.map(([count]) => count);
  console.log(
    `| cost | ${all.map((count) => count.toLocaleString("en")).join(" | ")} | exponent |`,
  );
  console.log(`| --- |${" ---: |".repeat(all.length + 1)}`);
  const drawn: Series[] = [];
  for (const [key, name] of Object.entries({ ...ofAll, ...ofOne })) {
    const points = sorted.flatMap(([count, costs]) => {
      const cost = costs[key as Cost];
      return cost === undefined ? [] : [[count, cost] as const];
    });
    const series = { name, points: points.filter(([count]) => count > 0) };
    const exponent = key in ofAll ? growthOf(points)?.exponent : exponentOf(series);
    const cells = sorted.map(([, costs]) => {
      const cost = costs[key as Cost];
      return cost === undefined ? "" : Math.round(cost).toLocaleString("en");
    });
    console.log(`| ${name} | ${cells.join(" | ")} | ${exponent?.toFixed(2) ?? ""} |`);
    drawn.push({ ...series, name: name.replace(/[:,].*$/, ""), exponent });
  }
  const together: [number, number][] = [];
  for (const count of values.together.map(Number)) {
    together.push([count, await publishTogether(count)]);
    console.error(`${count} in one command`);
  }
  console.log("\n| packages in one command | ms | of them for each |\n| ---: | ---: | ---: |");
  for (const [count, ms] of together) {
    console.log(
      `| ${count.toLocaleString("en")} | ${Math.round(ms)} | ${(ms / count).toFixed(1)} |`,
    );
  }
  const exponent = exponentOf({ name: "publishing in one command", points: together });
  console.log(`\nThe exponent of publishing in one command is ${exponent.toFixed(2)}.`);
  drawn.push({ name: "publishing all at once", points: together, exponent });
  if (values.picture !== undefined) {
    await Deno.writeTextFile(values.picture, draw("What packages cost", "ms (memory: kB)", drawn));
  }
} finally {
  await testnet.close();
  await Deno.remove(directory, { recursive: true });
}
