/**
 * How costs grow with the number of packages in a home: `deno run -A scripts/bench/growth.ts
 * [--picture FILE] [COUNT…]` (100, 1,000 and 10,000 unless given). Prints a table with the exponent of
 * each cost, and draws it. Everything happens in a test network on 127.0.0.1.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "../../src/base/mod.ts";
import { connectControl } from "../../src/daemon/mod.ts";
import { startTestnet } from "../../src/testnet/mod.ts";
import { freePort } from "../../tests/support/free_port.ts";
import { summary } from "./harness.ts";
import { fillHome } from "./many_packages.ts";
import { draw, exponentOf, type Series } from "./picture.ts";
import { libreseed } from "./transfer.ts";

/** How often what is done for one package is done, for the median. */
const TIMES = 5;
/** How many records are announced at once. */
const ANNOUNCED = 10;
const REST_MS = 30_000;

const { values, positionals } = parseArgs({
  args: Deno.args,
  options: { picture: { type: "string" } },
  allowPositionals: true,
});
const counts = positionals.length > 0 ? positionals.map(Number) : [100, 1_000, 10_000];

/** What is measured, and what it is of: all packages of the home, or one more. */
const costs = {
  start: "start-up: CPU until all are seeded, ms",
  memory: "memory beyond an empty home, kB",
  idle: "idle: CPU in 30 s, ms",
  announce: `re-announcing ${ANNOUNCED} of them, ms`,
  publish: "publishing one more, ms",
  get: "getting one, ms",
};
type Cost = keyof typeof costs;

const testnet = await startTestnet({ nodes: 20 });
const directory = await Deno.makeTempDir({ prefix: "libreseed-bench-growth-" });
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function environment(home: string, port: number): Record<string, string> {
  return {
    ...Deno.env.toObject(),
    LIBRESEED_HOME: home,
    LIBRESEED_PORT: String(port),
    LIBRESEED_BOOTSTRAP: testnet.bootstrap,
    LIBRESEED_ALLOW_LOCAL: "true",
    LIBRESEED_DHT_RATE: "100000",
  };
}

/** Runs a command to its end; returns how long it took, milliseconds. */
async function run(home: string, ...args: string[]): Promise<number> {
  const [program, ...rest] = libreseed(...args);
  const begunMs = performance.now();
  const { success, stderr } = await new Deno.Command(program!, {
    args: rest,
    env: environment(home, 0),
    stdout: "null",
  }).output();
  if (!success) throw new Error(`${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return performance.now() - begunMs;
}

async function median(work: (time: number) => Promise<number>): Promise<number> {
  const figures: number[] = [];
  for (let time = 0; time < TIMES; time++) figures.push(await work(time));
  return summary(figures).median;
}

/** CPU of a process since its start in milliseconds, and its private memory in kB. */
function taken({ pid }: ChildProcess): { cpuMs: number; kilobytes: number } {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]!.split(" ");
  const memory = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  const sum = [...memory.matchAll(/^Private_(?:Clean|Dirty): +(\d+)/gm)]
    .reduce((total, [, kibibytes]) => total + Number(kibibytes), 0);
  return { cpuMs: (Number(fields[11]) + Number(fields[12])) * 10, kilobytes: sum * 1.024 };
}

/** Starts a daemon and waits until it seeds all. */
async function start(home: string, count: number, port: number) {
  const [program, ...rest] = libreseed("seed");
  const process = spawn(program!, rest, { env: environment(home, port), stdio: "ignore" });
  let connected;
  while (!(connected = await connectControl(home, { clock: systemClock }))) await sleep(20);
  const { operations } = connected.client;
  while ((await operations.status()).packages < count) await sleep(20);
  return { process, client: connected.client };
}

async function measure(count: number, empty?: { cpuMs: number; kilobytes: number }) {
  const home = join(directory, `home-${count}`);
  const port = await freePort();
  await fillHome(home, { count, port });
  const { process, client } = await start(home, count, port);
  const ended = new Promise((resolve) => process.once("close", resolve));
  try {
    const started = taken(process);
    await sleep(REST_MS);
    const rested = taken(process);
    if (!empty) return { cpuMs: started.cpuMs, kilobytes: rested.kilobytes };
    await sleep(REST_MS);
    const idleMs = taken(process).cpuMs - rested.cpuMs;
    const packages = Array.from({ length: ANNOUNCED }, (_, i) => ({ name: `package-${i}` }));
    const announce = await median(async () => {
      const begunMs = performance.now();
      await client.operations.announce({ packages });
      return performance.now() - begunMs;
    });
    const figures: Record<Cost, number> = {
      start: started.cpuMs - empty.cpuMs,
      memory: rested.kilobytes - empty.kilobytes,
      idle: idleMs,
      announce,
      publish: await median(async (time) => {
        const source = await Deno.makeTempDir({ dir: directory });
        const name = `one-more-${time}`;
        await Deno.writeTextFile(
          join(source, "package.json"),
          JSON.stringify({ name, version: "1.0.0" }),
        );
        return await run(home, "publish", source);
      }),
      get: await median((time) => {
        const to = join(directory, `getter-${count}-${time}`);
        const list = client.operations.list();
        return list.then((all) =>
          run(to, "get", all.find(({ name }) => name === `one-more-${time}`)!.magnet!, "-o", "-")
        );
      }),
    };
    return figures;
  } finally {
    client.close();
    process.kill("SIGTERM");
    await ended;
  }
}

try {
  const empty = await measure(0) as { cpuMs: number; kilobytes: number };
  console.error("an empty home");
  const figures: (readonly [number, Record<Cost, number>])[] = [];
  for (const count of counts) {
    figures.push([count, await measure(count, empty) as Record<Cost, number>]);
    console.error(`${count} packages`);
  }
  const series: Series[] = Object.entries(costs).map(([key, name]) => ({
    name,
    // The clock of the processor's time ticks every 10 ms.
    points: figures.map(([count, figure]) => [count, Math.max(figure[key as Cost], 5)] as const),
  }));
  console.log(`| cost | ${counts.join(" | ")} | exponent |`);
  console.log(`| --- |${" ---: |".repeat(counts.length + 1)}`);
  for (const one of series) {
    const cells = one.points.map(([, cost]) => Math.round(cost).toLocaleString("en"));
    console.log(`| ${one.name} | ${cells.join(" | ")} | ${exponentOf(one).toFixed(2)} |`);
  }
  if (values.picture !== undefined) {
    const short = series.map((one) => ({ ...one, name: one.name.replace(/[:,].*$/, "") }));
    const unit = "ms (memory: kB)";
    await Deno.writeTextFile(values.picture, draw("What packages cost", unit, short));
  }
} finally {
  await testnet.close();
  await Deno.remove(directory, { recursive: true });
}
