/**
 * Transmission on one side of a transfer. It accepts no peers in 127.0.0.0/8, so it runs together
 * with libtorrent in a network namespace whose loopback interface has other addresses too.
 *
 * @module
 */

import { join } from "node:path";
import { missing as idleMissing } from "./idle.ts";
import { PORT, prepareTransmission } from "./idle_programs.ts";
import { Program } from "./program.ts";
import { libtorrent, libtorrentMissing, missing, type PublishedPackage } from "./transfer.ts";

/** Puts all of 10.77.0.0/24 on the loopback interface. */
const setUp = 'ip link set lo up && ip addr add 10.77.0.1/24 dev lo && exec "$@"';
const ADDRESS = "10.77.0.1";
/** Addresses of libtorrent: one per leecher, since transmission accepts one peer per address. */
const OTHERS = Array.from({ length: 100 }, (_, n) => `10.77.0.${n + 10}`);

/** Location of a program that cannot be reached on 127.0.0.1. */
export interface Elsewhere {
  /** Beginning of the command line of a program that connects to it. */
  enter: readonly string[];
  /** The program's address. */
  host: string;
  /** Addresses from which to connect. */
  addresses: readonly string[];
}

/** Default settings, except: no limits for peers, no uTP, no DHT, plaintext allowed. */
const settings = {
  "bind-address-ipv4": ADDRESS,
  "dht-enabled": false,
  "encryption": 0,
  "lpd-enabled": false,
  "message-level": 0,
  "peer-limit-global": 1_000,
  "peer-limit-per-torrent": 1_000,
  "peer-port": PORT,
  "pex-enabled": false,
  "port-forwarding-enabled": false,
  "upload-slots-per-torrent": 1_000,
  "utp-enabled": false,
};

/** The reason why transmission cannot take part, or `undefined`. */
export async function transmissionMissing(): Promise<string | undefined> {
  return await libtorrentMissing() ?? await idleMissing("transmission") ??
    await missing("transmission-cli", "-V")() ?? await missing("ip", "-V")();
}

/** Starts a command in a namespace of its own; the process id is that of the command. */
function apart(command: readonly string[]): { program: Program; elsewhere: Elsewhere } {
  const program = new Program("unshare", ["-n", "sh", "-c", setUp, "sh", ...command]);
  const enter = ["nsenter", "-t", String(program.pid), "-n"];
  return { program, elsewhere: { enter, host: ADDRESS, addresses: OTHERS } };
}

/** Starts transmission on a package that it has verified before. */
export async function transmissionSeeder(
  sample: PublishedPackage,
  home: string,
): Promise<{ program: Program; port: number; elsewhere: Elsewhere }> {
  await prepareTransmission(home, sample.directory);
  const directory = join(home, "transmission");
  const path = join(directory, "settings.json");
  const prepared = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(path, JSON.stringify({ ...prepared, ...settings }));
  const log = join(home, "log");
  const started = apart(["transmission-daemon", "-f", "-g", directory, "-e", log]);
  const { elsewhere } = started;
  const [command, ...args] = [...elsewhere.enter, "transmission-remote", "9091", "-l"];
  for (;; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const { stdout } = await new Deno.Command(command!, { args, stderr: "null" }).output();
    if (/^ *\d+ +100%/m.test(new TextDecoder().decode(stdout))) break;
  }
  return { ...started, port: PORT };
}

/**
 * Starts the libtorrent seeder that transmission downloads from. It connects to transmission as
 * soon as that listens.
 */
export async function libtorrentTowards(
  { torrentPath, directory }: PublishedPackage,
): Promise<{ program: Program; elsewhere: Elsewhere }> {
  const order = { do: "seed", torrent: torrentPath, dir: directory, address: OTHERS[0] };
  const started = apart(libtorrent({ ...order, connects: [ADDRESS, PORT] }));
  await started.program.next();
  return started;
}

/** Command line that downloads with transmission, and ends when the download is complete. */
export async function transmissionLeecher(
  { torrentPath }: PublishedPackage,
  directory: string,
): Promise<string[]> {
  await Deno.writeTextFile(join(directory, "settings.json"), JSON.stringify(settings));
  const finish = join(directory, "finish");
  await Deno.writeTextFile(finish, "#!/bin/sh\nkill -INT $PPID\n", { mode: 0o755 });
  const to = ["-g", directory, "-w", directory, "-p", String(PORT), "-M", "-et"];
  return ["transmission-cli", ...to, "-f", finish, torrentPath];
}
