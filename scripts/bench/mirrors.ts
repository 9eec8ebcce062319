/**
 * Mirrors of the same packages on one machine that nobody asks for anything: `deno run -A
 * scripts/bench/mirrors.ts [--rounds N]`.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { systemClock } from "../../src/base/mod.ts";
import { connectControl } from "../../src/daemon/mod.ts";
import { startTestnet } from "../../src/testnet/mod.ts";
import { freePort } from "../../tests/support/free_port.ts";
import { type Figures, type Row, runBenchmarks } from "./harness.ts";
import { prepareTransmission } from "./idle_programs.ts";
import { fillHome, fillSeedDirectory } from "./many_packages.ts";
import { libreseed } from "./transfer.ts";

const MIRRORS = 8;
const PACKAGES = 100;
const REST_MS = 20_000;
const WATCH_MS = 60_000;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function transmissionMissing(): Promise<string | undefined> {
  return await new Deno.Command("transmission-daemon", { args: ["--version"], stderr: "null" })
    .output().then(() => undefined, () => "transmission-daemon is not installed");
}

type Start = (home: string, seed: string, port: number) => Promise<ChildProcess>;

function cpuSeconds({ pid }: ChildProcess): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Eight of a kind over one seed directory, watched together. */
async function watch(start: Start): Promise<Figures> {
  const directory = await Deno.makeTempDir({ prefix: "libreseed-bench-mirrors-" });
  const mirrors: ChildProcess[] = [];
  try {
    const filled = await fillSeedDirectory(join(directory, "seed"), PACKAGES);
    for (let i = 0; i < MIRRORS; i++) {
      const home = join(directory, `home-${i}`);
      const port = await freePort();
      await fillHome(home, { count: PACKAGES, port, filled });
      mirrors.push(await start(home, filled.path, port));
    }
    await sleep(REST_MS);
    const before = mirrors.map(cpuSeconds);
    await sleep(WATCH_MS);
    const seconds = mirrors.map((mirror, i) => cpuSeconds(mirror) - before[i]!);
    return { seconds: seconds.reduce((sum, one) => sum + one, 0) };
  } finally {
    for (const mirror of mirrors) {
      const ended = new Promise((resolve) => mirror.once("close", resolve));
      mirror.kill("SIGKILL");
      await ended;
    }
    await Deno.remove(directory, { recursive: true });
  }
}

/** Mirrors that find each other in a DHT, or that have none. */
async function watchOurs(flags: (bootstrap: string) => string[]): Promise<Figures> {
  const testnet = await startTestnet({ nodes: 20 });
  try {
    return await watch(async (home, seed, port) => {
      const args = ["seed", "--home", home, "--dir", seed, "--port", String(port), "--allow-local"];
      const [program, ...rest] = libreseed(...args, ...flags(testnet.bootstrap));
      const child = spawn(program!, rest, { stdio: "ignore" });
      let connected;
      while (!(connected = await connectControl(home, { clock: systemClock }))) await sleep(50);
      const { client } = connected;
      while ((await client.operations.status()).packages < PACKAGES) await sleep(50);
      client.close();
      return child;
    });
  } finally {
    await testnet.close();
  }
}

async function startTransmission(home: string, seed: string, port: number) {
  await prepareTransmission(home, seed, port);
  const args = ["-f", "-g", join(home, "transmission")];
  return spawn("transmission-daemon", args, { stdio: "ignore" });
}

/** The rows of this file. */
export const rows: readonly Row[] = [{
  id: "mirrors",
  title: `${MIRRORS} mirrors of the same ${PACKAGES} packages, idle`,
  about:
    "CPU of all of them in a minute. Ours announce records and torrents, in a test network of 20 " +
    "nodes; without a DHT they have the packages only. Transmission refuses peers and nodes on this " +
    "machine, so it announces nothing.",
  metrics: [{ key: "seconds", name: "CPU in a minute", unit: "s" }],
  contenders: [
    {
      name: "libreseed",
      round: () => watchOurs((bootstrap) => ["--bootstrap", bootstrap]),
    },
    { name: "libreseed, no DHT", round: () => watchOurs(() => ["--no-dht"]) },
    {
      name: "transmission",
      missing: transmissionMissing,
      round: () => watch(startTransmission),
    },
  ],
  rounds: 3,
}];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
