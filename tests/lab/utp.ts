/**
 * Measures uTP on a line, beside libtorrent's uTP and our TCP: its rate over a long link, its
 * processor time, what seeding adds to a ping, and how streams share a line.
 *
 * @module
 */

import { dirname } from "node:path";
import { runCli, spawnCli } from "../support/mod.ts";
import { startLibtorrent } from "./dht.ts";
import type { Lab, Outcome, Package } from "./lab.ts";
import { accessLink, type LinkFigures, type Place, run, sysctl } from "./network.ts";
import { defaults, libreseedIn, libtorrent, type Program } from "./programs.ts";
import type { Pair, Topology } from "./topologies.ts";

const MIB = 2 ** 20;
const RATE_BYTES = 64 * MIB;
const RATE_LIMIT_MS = 120_000;
/** Length of the archive where a transfer must not end during a measurement. */
const LONG_BYTES = 256 * MIB;
const PORT = 6881;
const timeoutMs = 2 ** 31 - 1;
/** An uplink as of a home, with the queue of a router that delays rather than drops. */
const uplink: LinkFigures = { ...accessLink, upMbit: 10, queueMs: 250 };
const downlink: LinkFigures = { ...accessLink, downMbit: 10, queueMs: 250 };
/** Time before a measurement, in which streams find their rate, and of the measurement. */
const SETTLE_MS = 15_000;
const MEASURE_MS = 30_000;

type Transport = "utp" | "tcp";
type Side = Pick<Program, "name" | "seed" | "read">;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** libreseed with one transport, without a DHT's help: the magnet link names the seeder. */
function ours(transport: Transport): Side {
  const env = { ...defaults, LIBRESEED_TRANSPORT: transport, LIBRESEED_ENCRYPTION: "off" };
  // The DHT has to be there, since uTP uses its socket.
  const flags = (lab: Lab) => ["--bootstrap", lab.dht.bootstrap.join(",")];
  return {
    name: `libreseed, ${transport}`,
    async seed(lab, place, subject) {
      const home = await lab.home(`${place.name}-${subject.name}`);
      const options = { home, env, program: libreseedIn(place), timeoutMs };
      const daemon = lab.network.owns(
        spawnCli(["seed", ...flags(lab), "--port", `${PORT}`], options),
      );
      await daemon.waitForLine(/^ready: /, "stdout");
      const { code, stderr } = await spawnCli(["add", subject.archive], options).result;
      if (code !== 0) throw new Error(stderr);
    },
    read(lab, place, { magnet }, directory) {
      const port = `${20_000 + Math.floor(Math.random() * 12_000)}`;
      const process = spawnCli(["get", magnet, ...flags(lab), "--port", port, "-v"], {
        ...{ home: directory, cwd: directory, env, program: libreseedIn(place), timeoutMs },
      });
      const done = process.waitForLine(/\bverifying: /, "stderr").then(() => {});
      done.catch(() => {});
      return Promise.resolve({ done, [Symbol.asyncDispose]: () => process[Symbol.asyncDispose]() });
    },
  };
}

/** libtorrent with uTP alone. */
const theirs: Side = (() => {
  const settings = { enable_outgoing_tcp: false, enable_incoming_tcp: false };
  const program = libtorrent("off", settings);
  return {
    name: "libtorrent, utp",
    async seed(lab, place, { torrent }) {
      const order = {
        ...{ do: "seed", listen: `0.0.0.0:${PORT}`, bootstrap: "", encryption: "off", settings },
        ...{ torrent, dir: dirname(torrent) },
      };
      await startLibtorrent(lab.network, place, order);
    },
    read: (lab, place, subject, directory) => program.read(lab, place, subject, directory),
  };
})();

/** Adds the seeder's address to the magnet link, so that no search is measured. */
function named(subject: Package, { address }: Place): Package {
  return { ...subject, magnet: `${subject.magnet}&x.pe=${address}:${PORT}` };
}

/** Processor time of all processes in a place, seconds. */
async function cpuSeconds({ name }: Place): Promise<number> {
  let sum = 0;
  for (const pid of (await run(["ip", "netns", "pids", name])).trim().split("\n")) {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => undefined);
    // proc(5): utime and stime, in hundredths of a second on Linux.
    const fields = stat?.slice(stat.lastIndexOf(") ") + 2).split(" ");
    if (fields) sum += (Number(fields[11]) + Number(fields[12])) / 100;
  }
  return sum;
}

/** Number of datagrams that a host dropped since its start because a socket's buffer was full. */
async function bufferErrors(place: Place): Promise<number> {
  const text = await run([...place.enter, "cat", "/proc/net/snmp"]);
  const [names, values] = text.split("\n").filter((line) => line.startsWith("Udp:"))
    .map((line) => line.split(" "));
  return Number(values![names!.indexOf("RcvbufErrors")]);
}

/** Bytes that a host has sent since its start. */
async function sentBytes(place: Place): Promise<number> {
  const text = await run([...place.enter, "cat", "/proc/net/dev"]);
  return Number(/eth0:\s*(.*)/.exec(text)![1]!.split(/\s+/)[8]);
}

const rate: Topology = {
  name: "utp-rate",
  about: "64 MiB by uTP at 80 ms and 100 Mbit/s",
  needs: ["python3-libtorrent"],
  isShort: false,
  maxRounds: 5,
  async build(lab) {
    const reader = await lab.network.host("reader");
    const found: Pair[] = [];
    const meetings: [Side, Side][] = [
      [ours("utp"), ours("utp")],
      [theirs, theirs],
      [ours("utp"), theirs],
      [theirs, ours("utp")],
      [ours("tcp"), ours("tcp")],
    ];
    const seeders = new Map<string, { place: Place; subject: Package }>();
    for (const [from, to] of meetings) {
      if (!seeders.has(from.name)) {
        const place = await lab.network.host(`s${seeders.size}`);
        const subject = named(await lab.pack(`rate-${seeders.size}`, RATE_BYTES), place);
        await from.seed(lab, place, subject);
        seeders.set(from.name, { place, subject });
      }
      const { place, subject } = seeders.get(from.name)!;
      found.push({
        seeder: from.name,
        reader: to.name,
        async measure(): Promise<Outcome> {
          const before = await cpuSeconds(place);
          const errorsBefore = await bufferErrors(reader);
          const outcome = await lab.read(to.read, reader, subject, RATE_LIMIT_MS);
          if ("failure" in outcome) return outcome;
          const seederSeconds = await cpuSeconds(place) - before;
          const lost = await bufferErrors(reader) - errorsBefore;
          return {
            ...outcome,
            figures: {
              "processor of the seeder, s": seederSeconds,
              "packets lost at the reader": lost,
            },
          };
        },
      });
    }
    return found;
  },
};

/** Lets TCP of a place be controlled by losses alone: what uTP is to give way to. */
function fillsQueues(place: Place): Promise<void> {
  return sysctl(place, "net.ipv4.tcp_congestion_control=reno");
}

/** Starts readers one after the other, and calls back while all of them read. */
async function during<T>(
  lab: Lab,
  readers: readonly (readonly [Side, Place, Package])[],
  measure: () => Promise<T>,
): Promise<T> {
  await using stack = new AsyncDisposableStack();
  for (const [side, place, subject] of readers) {
    const directory = await Deno.makeTempDir({ prefix: "reader-" });
    stack.defer(() => Deno.remove(directory, { recursive: true }));
    const reading = stack.use(await side.read(lab, place, subject, directory));
    const ended = await Promise.race([reading.done.then(() => true), sleep(5_000)]);
    if (ended) throw new Error(`${side.name} ended too early`);
  }
  await sleep(SETTLE_MS);
  return await measure();
}

/** Mean round-trip time of pings, ms. */
async function ping(from: Place, to: Place): Promise<number> {
  const count = MEASURE_MS / 200;
  const { stdout } = await runCli(
    ["-n", "-q", "-i", "0.2", "-c", `${count}`, to.address!],
    { program: [...from.enter, "ping"], timeoutMs: 600_000 },
  );
  return Number(/= [\d.]+\/([\d.]+)\//.exec(stdout)![1]);
}

const queue: Topology = {
  name: "utp-ping",
  about: "what seeding adds to a ping, ms, behind an uplink of 10 Mbit/s with a queue of 250 ms",
  needs: ["python3-libtorrent", "ping"],
  isShort: false,
  maxRounds: 3,
  async build(lab) {
    const [reader, other] = [await lab.network.host("reader"), await lab.network.host("other")];
    const found: Pair[] = [];
    for (const side of [ours("utp"), theirs, ours("tcp")]) {
      const place = await lab.network.host(`s${found.length}`, uplink);
      await fillsQueues(place);
      const subject = named(await lab.pack(`queue-${found.length}`, LONG_BYTES), place);
      await side.seed(lab, place, subject);
      found.push({
        seeder: side.name,
        reader: side.name,
        note: "seconds mean nothing here",
        async measure() {
          const idleMs = await ping(place, other);
          const [addedMs, mbit] = await during(lab, [[side, reader, subject]], async () => {
            const before = await sentBytes(place);
            const begin = performance.now();
            const addedMs = await ping(place, other) - idleMs;
            const bytes = await sentBytes(place) - before;
            return [addedMs, bytes * 8 / 1_000 / (performance.now() - begin)];
          });
          return {
            seconds: 0,
            figures: { "added to a ping, ms": addedMs, "sent, Mbit/s": mbit },
          };
        },
      });
    }
    return found;
  },
};

const sharing: Topology = {
  name: "utp-share",
  about: "two seeders, the second 5 s later, and a reader with 10 Mbit/s and a queue of 250 ms",
  needs: ["python3-libtorrent"],
  isShort: false,
  maxRounds: 3,
  async build(lab) {
    const reader = await lab.network.host("reader", downlink);
    const found: Pair[] = [];
    const meetings: [Side, Side][] = [
      [ours("utp"), ours("utp")],
      [ours("tcp"), ours("utp")],
      [ours("utp"), theirs],
      [theirs, theirs],
      [ours("tcp"), theirs],
    ];
    for (const sides of meetings) {
      const readers: [Side, Place, Package][] = [];
      for (const side of sides) {
        const place = await lab.network.host(`s${found.length}-${readers.length}`);
        await fillsQueues(place);
        const name = `share-${found.length}-${readers.length}`;
        const subject = named(await lab.pack(name, LONG_BYTES), place);
        await side.seed(lab, place, subject);
        readers.push([side, place, subject]);
      }
      found.push({
        seeder: `${sides[0].name}; ${sides[1].name}`,
        reader: "the same",
        note: "seconds mean nothing here",
        async measure() {
          const places = readers.map(([, place]) => place);
          const all = readers.map(([side, , subject]) => [side, reader, subject] as const);
          const [first, second] = await during(lab, all, async () => {
            const before = await Promise.all(places.map(sentBytes));
            await sleep(2 * MEASURE_MS);
            const after = await Promise.all(places.map(sentBytes));
            return after.map((bytes, index) => bytes - before[index]!);
          });
          const share = second! / (first! + second!);
          return { seconds: 0, figures: { "share of the second": share } };
        },
      });
    }
    return found;
  },
};

/** The measurements of uTP. */
export const utpTopologies: readonly Topology[] = [rate, queue, sharing];
