/**
 * The part of `mirrors.ts` that runs inside a network namespace, where Transmission accepts DHT
 * nodes on this machine. Arguments: `PROGRAM on|off`. Prints the figures as one JSON object.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { systemClock } from "../../src/base/mod.ts";
import { connectControl } from "../../src/control/client.ts";
import { startTestnet } from "../../src/testnet/mod.ts";
import { freePort } from "../../tests/support/free_port.ts";
import { prepareTransmission } from "./idle_programs.ts";
import { fillHome, fillSeedDirectory } from "./many_packages.ts";
import { CpuMeter } from "./process_figures.ts";
import { tell } from "./program.ts";
import { libreseed } from "./transfer.ts";

const MIRRORS = 8;
const PACKAGES = 100;
/** Duration of the start phase, and also of the idle phase after it, in milliseconds. */
const MINUTE_MS = 60_000;
const [program, dht] = Deno.args;

/** Address of the testnet outside 127.0.0.0/8, which `mirrors.ts` sets up. */
const TESTNET = "10.77.0.1";
const MIRROR = "10.77.0.2";

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const testnet = await startTestnet({ nodes: 20, hosts: [TESTNET], nodesPerAnswer: 8 });
const queries = () =>
  testnet.nodes.flatMap(({ received }) => Object.values(received.counts))
    .reduce((sum, count) => sum + count, 0);

async function startOurs(home: string, seed: string, port: number): Promise<ChildProcess> {
  const args = ["seed", "--home", home, "--dir", seed, "--port", String(port), "--allow-local"];
  const net = dht === "on" ? ["--bootstrap", testnet.bootstrap] : ["--no-dht"];
  const [command, ...rest] = libreseed(...args, ...net);
  const child = spawn(command!, rest, { stdio: "ignore" });
  let connected;
  while (!(connected = await connectControl(home, { clock: systemClock }))) await sleep(50);
  const { client } = connected;
  while ((await client.operations.status()).packages < PACKAGES) await sleep(50);
  client.close();
  return child;
}

async function startTransmission(home: string, seed: string, port: number): Promise<ChildProcess> {
  await prepareTransmission(home, seed, port);
  const directory = join(home, "transmission");
  const path = join(directory, "settings.json");
  const settings = JSON.parse(Deno.readTextFileSync(path));
  Object.assign(settings, { "bind-address-ipv4": MIRROR, "dht-enabled": dht === "on" });
  Deno.writeTextFileSync(path, JSON.stringify(settings));
  const nodes = testnet.nodes.map((node) => `${TESTNET} ${node.port}\n`);
  Deno.writeTextFileSync(join(directory, "dht.bootstrap"), nodes.join(""));
  return spawn("transmission-daemon", ["-f", "-g", directory], { stdio: "ignore" });
}

const directory = await Deno.makeTempDir({ prefix: "libreseed-bench-mirrors-" });
const mirrors: ChildProcess[] = [];
let figures: Record<string, number>;
try {
  const filled = await fillSeedDirectory(join(directory, "seed"), PACKAGES);
  using cpu = new CpuMeter(() => mirrors.map(({ pid }) => pid!));
  const start = program === "libreseed" ? startOurs : startTransmission;
  const begunMs = performance.now();
  for (let i = 0; i < MIRRORS; i++) {
    const home = join(directory, `home-${i}`);
    const port = await freePort();
    await fillHome(home, { count: PACKAGES, port, filled });
    mirrors.push(await start(home, filled.path, port));
  }
  await sleep(MINUTE_MS - (performance.now() - begunMs));
  const [startSeconds, startQueries] = [cpu.seconds, queries()];
  await sleep(MINUTE_MS);
  figures = {
    startSeconds,
    startQueries,
    seconds: cpu.seconds - startSeconds,
    queries: queries() - startQueries,
  };
} finally {
  for (const mirror of mirrors) {
    const ended = new Promise((resolve) => mirror.once("close", resolve));
    mirror.kill("SIGKILL");
    await ended;
  }
  await testnet.close();
  await Deno.remove(directory, { recursive: true });
}
// The figures are printed last, because the benchmark kills this process as soon as it has read
// them.
tell(figures);
