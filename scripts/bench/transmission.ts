/**
 * Transmission as seeder or leecher of a transfer. Transmission accepts no peers in 127.0.0.0/8. It
 * therefore runs together with libtorrent in a network namespace whose loopback interface has
 * additional addresses.
 */

import { join } from "node:path";
import { missing as idleMissing } from "./idle.ts";
import { PORT, prepareTransmission } from "./idle_programs.ts";
import { Program } from "./program.ts";
import { libtorrent, libtorrentMissing, missing, type PublishedPackage } from "./transfer.ts";

/** Shell command that adds the network 10.77.0.0/24 to the loopback interface. */
const setUp = 'ip link set lo up && ip addr add 10.77.0.1/24 dev lo && exec "$@"';
const ADDRESS = "10.77.0.1";
/** Addresses of libtorrent, one per leecher, because Transmission accepts one peer per address. */
const OTHERS = Array.from({ length: 100 }, (_, n) => `10.77.0.${n + 10}`);

/** Network location of a program that runs in a namespace and is not reachable on 127.0.0.1. */
export interface Elsewhere {
  /** Command line prefix that runs a command in the program's network namespace. */
  enter: readonly string[];
  /** IP address of the program. */
  host: string;
  /** IP addresses from which peers may connect to the program. */
  addresses: readonly string[];
}

/**
 * Transmission's default settings with these changes: no limits for peers, no uTP, no DHT,
 * unencrypted connections allowed.
 */
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

/** The reason why Transmission cannot be measured, or `undefined`. */
export async function transmissionMissing(): Promise<string | undefined> {
  return await libtorrentMissing() ?? await idleMissing("transmission") ??
    await missing("transmission-cli", "-V")() ?? await missing("ip", "-V")();
}

/**
 * Starts a command in its own network namespace. The returned process id is that of the command.
 */
function apart(command: readonly string[]): { program: Program; elsewhere: Elsewhere } {
  const program = new Program("unshare", ["-n", "sh", "-c", setUp, "sh", ...command]);
  const enter = ["nsenter", "-t", String(program.pid), "-n"];
  return { program, elsewhere: { enter, host: ADDRESS, addresses: OTHERS } };
}

/** Starts Transmission with a package that is already verified. */
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
 * Starts the libtorrent seeder from which Transmission downloads. libtorrent connects to
 * Transmission as soon as Transmission listens.
 */
export async function libtorrentTowards(
  { torrentPath, directory }: PublishedPackage,
): Promise<{ program: Program; elsewhere: Elsewhere }> {
  const order = { do: "seed", torrent: torrentPath, dir: directory, address: OTHERS[0] };
  const started = apart(libtorrent({ ...order, connects: [ADDRESS, PORT] }));
  await started.program.next();
  return started;
}

/**
 * Returns a command line that downloads with Transmission, and that ends after the download is
 * complete.
 */
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
