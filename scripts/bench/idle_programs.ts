/**
 * Programs that seed many packages without any download, each in a network namespace of its own,
 * and measurement of their resource use.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import bencode from "bencode";
import { systemClock } from "../../src/base/mod.ts";
import { connectControl } from "../../src/control/client.ts";
import { torrentInfoHash } from "../../src/package/mod.ts";
import { CpuMeter, privateMiB } from "./process_figures.ts";
import { libreseed, PYTHON } from "./transfer.ts";

/** Port on which each program listens in its own namespace. */
export const PORT = 47_123;
const POLL_MS = 20;
const LOOK_MS = 2_000;

/** Resources that a process has used so far. */
export interface ResourceUse {
  cpuSeconds: number;
  /** Number of UDP packets sent in the network namespace of the process. */
  packets: number;
}

/** A program that can seed packages, and how it runs on a home. */
export interface Holder {
  command: (home: string) => string[];
  /** Resolves once the program seeds `count` packages. */
  seeded: (home: string, count: number, process: ChildProcess) => Promise<void>;
  /**
   * Writes the program's saved state, as if the program had seeded the packages for a long time.
   */
  prepare?: (home: string) => Promise<void>;
}

function here(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

/** Waits for the line that a script prints when it is ready. */
function said(_home: string, _count: number, { stdout }: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    stdout!.on("data", (chunk) => String(chunk).includes("seeded") && resolve());
  });
}

/** Waits until libreseed's daemon reports that it seeds `count` packages. */
async function libreseedSeeds(home: string, count: number): Promise<void> {
  let connected;
  while (!connected) {
    await pause();
    connected = await connectControl(home, { clock: systemClock });
  }
  const { client } = connected;
  while ((await client.operations.status()).packages < count) await pause();
  client.close();
}

/** Writes the files in which Transmission records that torrents have been verified. */
export async function prepareTransmission(
  home: string,
  seed = join(home, "seed"),
  port = PORT,
): Promise<void> {
  const directory = join(home, "transmission");
  for (const part of ["torrents", "resume"]) {
    await Deno.mkdir(join(directory, part), { recursive: true });
  }
  for (const { name } of Deno.readDirSync(seed)) {
    if (!name.endsWith(".torrent")) continue;
    const torrent = Deno.readFileSync(join(seed, name));
    const hash = torrentInfoHash(torrent)!.toHex();
    const stem = `${basename(name, ".torrent")}.tgz.${hash.slice(0, 16)}`;
    Deno.writeFileSync(join(directory, "torrents", `${stem}.torrent`), torrent);
    const resume = {
      destination: seed,
      paused: 0,
      "added-date": Math.floor(Date.now() / 1_000),
      "done-date": Math.floor(Date.now() / 1_000),
      progress: { blocks: "all", "time-checked": [Math.floor(Date.now() / 1_000) + 60] },
    };
    Deno.writeFileSync(join(directory, "resume", `${stem}.resume`), bencode.encode(resume));
  }
  const settings = {
    "peer-port": port,
    "rpc-enabled": true,
    "rpc-port": port === PORT ? 9091 : port,
    "rpc-authentication-required": false,
    "dht-enabled": true,
    "lpd-enabled": false,
    "port-forwarding-enabled": false,
    "download-dir": seed,
  };
  Deno.writeTextFileSync(join(directory, "settings.json"), JSON.stringify(settings));
}

async function transmissionSeeds(_home: string, count: number, { pid }: ChildProcess) {
  for (;; await pause()) {
    const { stdout } = await new Deno.Command("nsenter", {
      args: ["-t", String(pid), "-n", "transmission-remote", "9091", "-l"],
      stderr: "null",
    }).output();
    const done = new TextDecoder().decode(stdout).split("\n")
      .filter((line) => /^ *\d+ +100%/.test(line));
    if (done.length >= count && (count > 0 || stdout.length > 0)) return;
  }
}

/** The compared programs that seed packages without downloads, by name. */
export const holders: Record<string, Holder> = {
  libreseed: {
    command: (home) => [
      ...libreseed("seed", "--home", home, "--port", String(PORT), "--bootstrap", "192.0.2.1:6881"),
    ],
    seeded: libreseedSeeds,
  },
  transmission: {
    command: (home) => ["transmission-daemon", "-f", "-g", join(home, "transmission")],
    prepare: (home) => prepareTransmission(home),
    seeded: transmissionSeeds,
  },
  libtorrent: {
    command: (home) => [PYTHON, here("./idle_libtorrent.py"), join(home, "seed")],
    seeded: said,
  },
  "WebTorrent on Node": {
    command: (home) => ["node", here("./idle_webtorrent.mjs"), join(home, "seed")],
    seeded: said,
  },
};

/** A program that runs in its own network namespace. */
export class RunningHolder implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #cpu: CpuMeter;

  /** Starts the program, and waits until it seeds all packages. */
  static async start(holder: Holder, home: string, count: number): Promise<RunningHolder> {
    const held = new RunningHolder(holder.command(home), home);
    await holder.seeded(home, count, held.#child);
    return held;
  }

  constructor(command: readonly string[], home: string) {
    const up = 'ip link set lo up && exec "$@"';
    this.#child = spawn("unshare", ["-n", "sh", "-c", up, "sh", ...command], {
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...Deno.env.toObject(), LIBRESEED_HOME: home },
    });
    this.#ended = new Promise((resolve) => this.#child.once("close", resolve));
    this.#cpu = new CpuMeter(() => [this.#child.pid!]);
  }

  /** Returns the resources that the program has used since its start. */
  used(): ResourceUse {
    const { pid } = this.#child;
    const [names, values] = Deno.readTextFileSync(`/proc/${pid}/net/snmp`).split("\n")
      .filter((line) => line.startsWith("Udp:")).map((line) => line.split(" "));
    return {
      cpuSeconds: this.#cpu.seconds,
      packets: Number(values![names!.indexOf("OutDatagrams")]),
    };
  }

  /**
   * Returns the minimum of the process's private memory during a period, in MiB. The memory is
   * sampled every two seconds.
   */
  async leastPrivateMiB(whileMs: number): Promise<number> {
    let least = Infinity;
    for (const endMs = performance.now() + whileMs; performance.now() < endMs;) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      least = Math.min(least, privateMiB(this.#child.pid!));
    }
    return least;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cpu[Symbol.dispose]();
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}
