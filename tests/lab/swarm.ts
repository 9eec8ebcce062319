/**
 * A swarm of eight different programs that read a package at the same time, and for comparison one of
 * eight libtorrents. The figure is the time from the readers' start until the last one has the
 * whole package.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { toHex, utf8 } from "../../src/base/mod.ts";
import { bencode, Encoded, visitEntries } from "../../src/bencode/mod.ts";
import { spawnCli } from "../support/mod.ts";
import { denoScript, spawnLibtorrent } from "./dht.ts";
import type { Lab, Outcome, Package } from "./lab.ts";
import { accessLink, type Place } from "./network.ts";
import { libreseed, libreseedIn, libtorrent, type Program, startTransmission } from "./programs.ts";
import type { Pair, Topology } from "./topologies.ts";

const BYTES = 64 * 2 ** 20;
const LIMIT_MS = 300_000;
const POLL_MS = 250;
const PORT = 6881;
/** The seeder's uplink is the bottleneck: the readers have to exchange pieces among themselves. */
const seederLink = { ...accessLink, upMbit: 20 };

/** A download by one program of the swarm. */
interface Task {
  lab: Lab;
  place: Place;
  subject: Package;
  /** The torrent of the package with a tracker in it, which knows the seeder. */
  torrent: string;
  /** A new directory, in which the program keeps its files. */
  directory: string;
}

/** A program of the swarm. `start` returns the path at which the whole package will be. */
interface Member {
  name: string;
  start(task: Task): Promise<string>;
}

const timeoutMs = 2 ** 31 - 1;

/** Starts a program in a place; it runs until the lab ends. */
function run(
  { lab, place, directory }: Task,
  program: readonly string[],
  args: readonly string[],
): void {
  lab.network.owns(
    spawnCli(args, { program: [...place.enter, ...program], home: directory, timeoutMs }),
  );
}

const fileIn = ({ directory, subject }: Task) => join(directory, `${subject.name}-1.0.0.tgz`);

const libtorrentMember: Member = {
  name: "libtorrent",
  start(task) {
    const { lab, place, torrent, directory: dir } = task;
    const more = { listen: `0.0.0.0:${PORT},[::]:${PORT}`, bootstrap: lab.dht.bootstrap.join(",") };
    lab.network.owns(spawnLibtorrent(place, { do: "read", torrent, dir, ...more }));
    return Promise.resolve(fileIn(task));
  },
};

const libreseedMember: Member = {
  name: "libreseed",
  async start({ lab, place, subject, directory: home }) {
    const options = { home, program: libreseedIn(place), timeoutMs };
    const flags = ["--bootstrap", lab.dht.bootstrap.join(","), "--port", String(PORT)];
    // A daemon goes on seeding when the reading has ended, as the other programs do.
    const daemon = lab.network.owns(spawnCli(["seed", ...flags], options));
    await daemon.waitForLine(/^ready: /, "stdout");
    lab.network.owns(spawnCli(["get", `${lab.publisher}/${subject.name}`], options));
    return join(home, "seed", `${subject.name}-1.0.0.tgz`);
  },
};

const members: readonly Member[] = [
  libtorrentMember,
  {
    name: "aria2",
    start(task) {
      const { lab, directory, torrent } = task;
      const [host, dhtPort] = lab.dht.bootstrap[0]!.split(":");
      run(task, ["aria2c"], [
        ...["--no-conf", `--dir=${directory}`, "--seed-ratio=0.0", "--file-allocation=none"],
        ...["--enable-dht=true", `--dht-entry-point=${host}:${dhtPort}`],
        ...[`--dht-file-path=${join(directory, "dht.dat")}`, `--dht-listen-port=${PORT}`],
        ...[`--listen-port=${PORT}`, torrent],
      ]);
      return Promise.resolve(fileIn(task));
    },
  },
  {
    name: "rtorrent",
    async start(task) {
      const { lab, directory, torrent } = task;
      const session = join(directory, "session");
      await Deno.mkdir(session);
      const config = join(directory, "rtorrent.rc");
      await Deno.writeTextFile(
        config,
        `system.daemon.set = true
directory.default.set = ${directory}
session.path.set = ${session}
network.port_range.set = ${PORT}-${PORT}
dht.mode.set = on
dht.port.set = ${PORT}
protocol.encryption.set = allow_incoming,try_outgoing,enable_retry
schedule2 = node, 1, 0, ((dht.add_node, "${lab.dht.bootstrap[0]}"))
schedule2 = load, 0, 0, ((load.start, "${torrent}"))
`,
      );
      run(task, ["rtorrent"], ["-n", "-o", `import=${config}`]);
      return fileIn(task);
    },
  },
  {
    name: "transmission",
    async start(task) {
      const { lab, place, torrent, directory } = task;
      lab.network.owns(await startTransmission(lab, place, PORT, directory, torrent));
      return fileIn(task);
    },
  },
  {
    name: "qbittorrent-nox",
    async start(task) {
      const { directory, torrent } = task;
      const config = join(directory, "profile", "qBittorrent", "config");
      await Deno.mkdir(config, { recursive: true });
      await Deno.writeTextFile(
        join(config, "qBittorrent.conf"),
        `[LegalNotice]
Accepted=true
[BitTorrent]
Session\\Port=${PORT}
Session\\DefaultSavePath=${directory}
`,
      );
      const where = [`--profile=${join(directory, "profile")}`, `--save-path=${directory}`];
      run(task, ["qbittorrent-nox"], [...where, torrent]);
      return fileIn(task);
    },
  },
  {
    name: "WebTorrent",
    start(task) {
      const { lab, torrent, directory } = task;
      const args = [torrent, directory, String(PORT), ...lab.dht.bootstrap];
      run(task, denoScript("./webtorrent_peer.ts"), args);
      return Promise.resolve(fileIn(task));
    },
  },
  libreseedMember,
  libreseedMember,
];

/** The rows: each swarm with a seeder, whose uplink of 20 Mbit/s is the bottleneck. */
export const swarmTopology: Topology = {
  name: "swarm",
  about: "64 MiB from a seeder of 20 Mbit/s to eight readers at once, until the last has it",
  needs: [
    ...["python3-libtorrent", "aria2c", "rtorrent", "transmission-cli", "qbittorrent-nox"],
  ],
  isShort: false,
  maxRounds: 3,
  build(lab): Promise<Pair[]> {
    return Promise.resolve([
      swarm(lab, "mixed", libreseed, members),
      swarm(lab, "alone", libtorrent(), members.map(() => libtorrentMember)),
    ]);
  },
};

/** One swarm. Each round has a package and hosts of its own. */
function swarm(lab: Lab, name: string, seeder: Program, readers: readonly Member[]): Pair {
  let rounds = 0;
  let note = "";
  return {
    seeder: seeder.name,
    reader: name === "mixed" ? "eight programs" : "eight libtorrents",
    get note() {
      return note;
    },
    async measure(): Promise<Outcome> {
      const round = `${name}${++rounds}`;
      const subject = await lab.pack(round, BYTES);
      const place = await lab.network.host(`${round}s`, seederLink);
      await lab.seed(seeder, place, subject);
      const torrent = await withTracker(lab, subject, `${place.address}:${PORT}`);
      const places: Place[] = [];
      for (const index of readers.keys()) places.push(await lab.network.host(`${round}r${index}`));
      const sha256 = await sha256Of(subject.archive);
      const begin = performance.now();
      const ends = await Promise.all(readers.map(async (member, index) => {
        const directory = await Deno.makeTempDir({ prefix: "member-" });
        const path = await member.start({
          lab,
          place: places[index]!,
          subject,
          torrent,
          directory,
        });
        while (!await isWhole(path, subject.length, sha256)) {
          if (performance.now() - begin > LIMIT_MS) return Infinity;
          await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        }
        return (performance.now() - begin) / 1_000;
      }));
      note = readers.map((member, index) => `${member.name} ${ends[index]!.toFixed(1)}`).join(", ");
      const last = Math.max(...ends);
      await lab.network.endProcesses(places.concat(place));
      if (Number.isFinite(last)) return { seconds: last };
      const late = readers.filter((_, index) => ends[index] === Infinity);
      return { failure: `not finished: ${late.map((member) => member.name).join(", ")}` };
    },
  };
}

/** Starts a tracker that knows the seeder, and writes a torrent of the package that names it. */
async function withTracker(lab: Lab, subject: Package, seeder: string): Promise<string> {
  const place = await lab.network.host(`${subject.name}t`);
  const program = [...place.enter, ...denoScript("./swarm_tracker.ts")];
  const process = spawnCli([place.address!, seeder], { program, timeoutMs });
  await lab.network.owns(process).waitForLine(/^ready$/, "stdout");
  let info = new Uint8Array();
  visitEntries(await Deno.readFile(subject.torrent), ({ key, value }) => {
    if (key === "4:info") info = value.slice();
  });
  const torrent = join(await Deno.makeTempDir({ prefix: "tracked-" }), "tracked.torrent");
  const announce = utf8(`http://${place.address}/announce`);
  await Deno.writeFile(torrent, bencode({ announce, info: new Encoded(info) }));
  return torrent;
}

/** Whether a file has all its bytes. Blocks that were never written are not allocated. */
async function isWhole(path: string, length: number, sha256: string): Promise<boolean> {
  const { size, blocks } = await Deno.stat(path).catch(() => ({ size: 0, blocks: 0 }));
  if (size !== length || (blocks ?? 0) * 512 < length) return false;
  return await sha256Of(path) === sha256;
}

async function sha256Of(path: string): Promise<string> {
  return toHex(createHash("sha256").update(await Deno.readFile(path)).digest());
}
