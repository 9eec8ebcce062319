/**
 * Transmission on one side of a transfer. It takes no peers in 127.0.0.0/8, so it runs in a network
 * namespace whose loopback interface has other addresses too, and libtorrent with it.
 *
 * @module
 */

import { join } from "node:path";
import { missing as idleMissing } from "./idle.ts";
import { PORT, prepareTransmission } from "./idle_programs.ts";
import { Program } from "./program.ts";
import { libtorrent, libtorrentMissing, missing, type PublishedPackage } from "./transfer.ts";

/** All of 10.77.0.0/24 is on the loopback interface then. */
const setUp = 'ip link set lo up && ip addr add 10.77.0.1/24 dev lo && exec "$@"';
const ADDRESS = "10.77.0.1";
/** Of libtorrent; several leechers have one each, as transmission takes one peer from an address. */
const OTHERS = Array.from({ length: 100 }, (_, n) => `10.77.0.${n + 10}`);

/** Where a program runs that is not reached on 127.0.0.1. */
export interface Elsewhere {
  /** What the command line of whoever wants to reach it begins with. */
  enter: readonly string[];
  /** The program's address. */
  host: string;
  /** For those who want to reach it. */
  addresses: readonly string[];
}

/** As defaults, but without limits for peers, without uTP and the DHT, and plain where the peer may. */
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

/** Why it cannot take part. */
export async function transmissionMissing(): Promise<string | undefined> {
  return await libtorrentMissing() ?? await idleMissing("transmission") ??
    await missing("transmission-cli", "-V")() ?? await missing("ip", "-V")();
}

/** Starts a command in a namespace of its own; its process id is the command's. */
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

/** Starts the libtorrent that transmission downloads from: it connects as soon as that listens. */
export async function libtorrentTowards(
  { torrentPath, directory }: PublishedPackage,
): Promise<{ program: Program; elsewhere: Elsewhere }> {
  const order = { do: "seed", torrent: torrentPath, dir: directory, address: OTHERS[0] };
  const started = apart(libtorrent({ ...order, connects: [ADDRESS, PORT] }));
  await started.program.next();
  return started;
}

/** The command line that downloads with transmission, and ends when it has everything. */
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
