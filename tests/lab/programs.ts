/**
 * The programs in the lab: libreseed, and libtorrent, Transmission and aria2 with their own
 * defaults. Each can seed a package, and read one by its magnet link through the DHT.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { type CliProcess, commandLine, spawnCli } from "../support/mod.ts";
import { spawnLibtorrent, startLibtorrent } from "./dht.ts";
import type { Lab, Package } from "./lab.ts";
import type { Place } from "./network.ts";

/** A program under test, or a peer of it. */
export interface Program {
  readonly name: string;
  /** Programs that must be installed. */
  readonly needs: readonly string[];
  /** Whether the program needs minutes to announce itself to the DHT. */
  readonly joinsSlowly?: true;
  /** Starts to seed a package at a place. The seeder runs until the lab ends. */
  seed(lab: Lab, place: Place, subject: Package): Promise<void>;
  /** Starts to read a package at a place, into a new directory. */
  read(lab: Lab, place: Place, subject: Package, directory: string): Promise<Reading>;
  /** The same, by its torrent file. */
  readTorrent(lab: Lab, place: Place, subject: Package, directory: string): Promise<Reading>;
}

/** A download under way. Disposing of it ends the program. */
export interface Reading extends AsyncDisposable {
  /** Resolves when the download is complete; rejects with the reason if the program gives up. */
  readonly done: Promise<void>;
}

/** Command line that runs libreseed in a place. */
export function libreseedIn(place: Place): string[] {
  return [...place.enter, ...commandLine()];
}

/** A new port for each reading, so that no peer knows the reader from an earlier one. */
function anyPort(): number {
  return 20_000 + Math.floor(Math.random() * 12_000);
}

const timeoutMs = 2 ** 31 - 1;
/** The defaults of a user. Other tests switch both off, because they send nothing beyond this machine. */
export const defaults = { LIBRESEED_PORT_MAPPING: "true", LIBRESEED_LAN: "true" };

/** The reading of a program that ends with exit code 0 once the download is complete. */
function untilExit(process: CliProcess): Reading {
  const done = process.result.then(({ code, stderr }) => {
    if (code !== 0) throw new Error(`exit ${code}: ${stderr.trim().split("\n").at(-1)}`);
  });
  done.catch(() => {});
  return { done, [Symbol.asyncDispose]: () => process[Symbol.asyncDispose]() };
}

/** The reading of a program that prints a line once the download is complete. */
function untilLine(
  process: CliProcess,
  pattern: RegExp,
  stream: "stdout" | "stderr" = "stdout",
): Reading {
  const done = process.waitForLine(pattern, stream).then(() => {});
  done.catch(() => {});
  return { done, [Symbol.asyncDispose]: () => process[Symbol.asyncDispose]() };
}

/** libreseed. `read` gets the magnet link, `readByName` the package by its publisher's key. */
export const libreseed: Program & {
  readByName: Program["read"];
  /** Reads by the magnet link, up to the last byte and no further: without the verification. */
  readBytes: Program["read"];
} = {
  name: "libreseed",
  needs: [],
  async seed(lab, place, subject) {
    await seedWithLibreseed(lab, place, subject);
  },
  read: (lab, place, subject, directory) => get(lab, place, subject.magnet, directory),
  readTorrent: (lab, place, subject, directory) => get(lab, place, subject.torrent, directory),
  readByName: (lab, place, subject, directory) =>
    get(lab, place, `${lab.publisher}/${subject.name}`, directory),
  async readBytes(lab, place, subject, directory) {
    return untilLine(
      await startGet(lab, place, subject.magnet, directory, "-v"),
      /\bverifying: /,
      "stderr",
    );
  },
};

/**
 * Starts a daemon at a place, which runs until the lab ends, and publishes a package by it.
 *
 * @param more environment variables for further settings
 */
export async function seedWithLibreseed(
  lab: Lab,
  place: Place,
  subject: Package,
  more: Record<string, string> = {},
): Promise<{ home: string; daemon: CliProcess }> {
  const { home, daemon } = await startLibreseed(lab, place, subject.name, more);
  const options = { home, env: { ...defaults, ...more }, program: libreseedIn(place), timeoutMs };
  const publishing = spawnCli(["publish", subject.archive], options);
  const { code, stderr } = await publishing.result;
  if (code !== 0) throw new Error(`publish ended with ${code}: ${stderr}`);
  return { home, daemon };
}

/** Starts a daemon of libreseed in a place. */
export async function startLibreseed(
  lab: Lab,
  place: Place,
  name: string,
  more: Record<string, string> = {},
): Promise<{ home: string; daemon: CliProcess }> {
  const home = await lab.home(name);
  const flags = ["--bootstrap", lab.dht.bootstrap.join(","), "--port", "6881"];
  const options = { home, env: { ...defaults, ...more }, program: libreseedIn(place), timeoutMs };
  const daemon = lab.network.owns(spawnCli(["seed", ...flags], options));
  await daemon.waitForLine(/^ready: /, "stdout");
  return { home, daemon };
}

async function get(lab: Lab, place: Place, what: string, home: string): Promise<Reading> {
  return untilExit(await startGet(lab, place, what, home));
}

function startGet(
  lab: Lab,
  place: Place,
  what: string,
  home: string,
  ...more: string[]
): Promise<CliProcess> {
  const flags = ["--bootstrap", lab.dht.bootstrap.join(","), "--port", String(anyPort()), ...more];
  // Without a publisher's key, `get` puts the archive into the working directory.
  const options = { home, cwd: home, env: defaults, program: libreseedIn(place), timeoutMs };
  return Promise.resolve(spawnCli(["get", what, ...flags], options));
}

/** Settings of libtorrent without uTP, which it prefers by default. */
export const tcpOnly = { enable_outgoing_utp: false, enable_incoming_utp: false };

/**
 * libtorrent with its defaults, or with an encryption method as `libtorrent_peer.py` names it, or
 * without uTP.
 */
export function libtorrent(
  encryption?: "rc4" | "plaintext" | "off",
  settings?: Record<string, boolean>,
): Program {
  const order = (lab: Lab, port: number) => ({
    listen: `0.0.0.0:${port},[::]:${port}`,
    bootstrap: lab.dht.bootstrap.join(","),
    ...(encryption !== undefined && { encryption }),
    ...(settings !== undefined && { settings }),
  });
  return {
    name: ["libtorrent", encryption && `encryption ${encryption}`, settings && "TCP only"]
      .filter((part) => part).join(", "),
    needs: ["python3-libtorrent"],
    async seed(lab, place, { torrent }) {
      const more = { do: "seed", torrent, dir: dirname(torrent) };
      await startLibtorrent(lab.network, place, { ...order(lab, 6881), ...more });
    },
    read(lab, place, { magnet }, dir) {
      const more = { do: "read", magnet, dir };
      const process = spawnLibtorrent(place, { ...order(lab, anyPort()), ...more });
      return Promise.resolve(untilLine(process, /^done$/));
    },
    readTorrent(lab, place, { torrent }, dir) {
      const more = { do: "read", torrent, dir };
      const process = spawnLibtorrent(place, { ...order(lab, anyPort()), ...more });
      return Promise.resolve(untilLine(process, /^done$/));
    },
  };
}

/**
 * aria2 with its defaults and a DHT, or so that it refuses peers without encryption.
 *
 * @param more further flags
 */
export function aria2(requiresEncryption = false, more: readonly string[] = []): Program {
  const start = (lab: Lab, place: Place, port: number, dir: string, args: string[]) => {
    const [host, dhtPort] = lab.dht.bootstrap[0]!.split(":");
    return spawnCli([
      `--dir=${dir}`,
      "--no-conf",
      "--enable-dht=true",
      `--dht-entry-point=${host}:${dhtPort}`,
      `--dht-file-path=${join(dir, `dht-${port}.dat`)}`,
      `--dht-listen-port=${port}`,
      `--listen-port=${port}`,
      "--check-integrity=true",
      ...(requiresEncryption ? ["--bt-require-crypto=true"] : []),
      ...more,
      ...args,
    ], { program: [...place.enter, "aria2c"], timeoutMs });
  };
  return {
    name: requiresEncryption ? "aria2, encryption required" : "aria2",
    needs: ["aria2c"],
    async seed(lab, place, { torrent }) {
      const args = ["--seed-ratio=0.0", torrent];
      const process = lab.network.owns(start(lab, place, 6881, dirname(torrent), args));
      await process.waitForLine(/Verification finished successfully|SEEDING|SEED\(/);
    },
    read(lab, place, { magnet }, directory) {
      return Promise.resolve(
        untilExit(start(lab, place, anyPort(), directory, ["--seed-time=0", magnet])),
      );
    },
    readTorrent(lab, place, { torrent }, directory) {
      const args = ["--seed-time=0", torrent];
      return Promise.resolve(untilExit(start(lab, place, anyPort(), directory, args)));
    },
  };
}

/**
 * Transmission with its defaults. It joins the DHT through the nodes in `dht.bootstrap`, which takes
 * minutes. A tracker therefore tells it at once what the DHT knows of a seeder.
 */
export const transmission: Program = {
  name: "transmission",
  joinsSlowly: true,
  needs: ["transmission-cli"],
  async seed(lab, place, { torrent }) {
    // It rewrites one line repeatedly, so the test can only wait for its announcement.
    lab.network.owns(await startTransmission(lab, place, 6881, dirname(torrent), torrent));
  },
  async read(lab, place, { magnet }, directory) {
    const what = `${magnet}&tr=${encodeURIComponent(await lab.tracker())}`;
    return untilLine(
      await startTransmission(lab, place, anyPort(), directory, what),
      /\bfinished$/,
    );
  },
  async readTorrent(lab, place, { torrent }, directory) {
    const process = await startTransmission(lab, place, anyPort(), directory, torrent);
    return untilLine(process, /\bfinished$/);
  },
};

/** Transmission with local discovery, which its defaults leave out, and without a tracker. */
export const transmissionOfLan: Program = {
  ...transmission,
  name: "transmission with local discovery",
  async seed(lab, place, { torrent }) {
    const directory = dirname(torrent);
    lab.network.owns(await startTransmission(lab, place, 6881, directory, torrent, lpd));
  },
  async read(lab, place, { magnet }, directory) {
    return untilLine(
      await startTransmission(lab, place, anyPort(), directory, magnet, lpd),
      /\bfinished$/,
    );
  },
};

const lpd = { "lpd-enabled": true };

/** Starts Transmission, which reads a magnet link or torrent file, and then seeds. */
export async function startTransmission(
  lab: Lab,
  place: Place,
  port: number,
  directory: string,
  what: string,
  more: Record<string, unknown> = {},
): Promise<CliProcess> {
  const settings = await Deno.makeTempDir();
  await Deno.writeTextFile(join(settings, "settings.json"), JSON.stringify(more));
  const nodes = lab.dht.bootstrap.map((node) => node.replace(":", " ") + "\n").join("");
  await Deno.writeTextFile(join(settings, "dht.bootstrap"), nodes);
  const finish = join(settings, "finish");
  await Deno.writeTextFile(finish, "#!/bin/sh\necho; echo finished\n", { mode: 0o755 });
  return spawnCli(
    ["-g", settings, "-w", directory, "-p", String(port), "-f", finish, what],
    { program: [...place.enter, "stdbuf", "-oL", "transmission-cli"], timeoutMs },
  );
}
