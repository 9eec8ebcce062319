/**
 * The topologies of the lab. Each builds its hosts and routers in a lab of its own, starts its
 * seeders, and returns the pairs of seeder and reader to measure.
 *
 * @module
 */

import type { Lab, Outcome, Package } from "./lab.ts";
import { accessLink, type Place } from "./network.ts";
import { aria2, libreseed, libtorrent, type Program, transmission } from "./programs.ts";
import { carrierRouter, homeRouter, type Mapping, type Nat } from "./router.ts";

/** A package that fits into two pieces, bytes. */
const SMALL = 20_000;

/** A seeder and a reader, or another thing that is measured once a round. */
export interface Pair {
  readonly seeder: string;
  readonly reader: string;
  /** Remark for readers of the row. */
  readonly note?: string;
  /** Measures one round. */
  measure(): Promise<Outcome>;
}

/** An arrangement of hosts and routers. */
export interface Topology {
  readonly name: string;
  readonly about: string;
  readonly needs: readonly string[];
  /** Whether `--short` includes it. */
  readonly isShort: boolean;
  /** Rounds to measure, if fewer than asked for. */
  readonly maxRounds?: number;
  build(lab: Lab): Promise<Pair[]>;
}

/** Time limit of a reader (ms). Afterwards its row counts as not reached. */
export const LIMIT_MS = 30_000;
/** The same for Transmission, which asks the DHT at a slower pace. */
const TRANSMISSION_LIMIT_MS = 90_000;
/** The same after a change of address. */
const MOVED_LIMIT_MS = 120_000;

const peers = [libtorrent(), transmission, aria2()];
const programNeeds = [...new Set(peers.flatMap(({ needs }) => needs))];

/** Pairs of seeder and reader. Pairs without libreseed show what is possible. */
const meetings: readonly (readonly [Program, Program])[] = [
  [libreseed, libreseed],
  ...peers.map((peer) => [libreseed, peer] as const),
  ...peers.map((peer) => [peer, libreseed] as const),
  ...peers.map((peer) => [peer, peer] as const),
];

/** Pairs that show how long the slower programs take with a seeder or reader that is not ours. */
const references: readonly (readonly [Program, Program])[] = [transmission, aria2()].flatMap(
  (peer) => [[peers[0]!, peer] as const, [peer, peers[0]!] as const],
);

/**
 * Returns pairs to measure. All readers of a program share one seeder.
 *
 * @param beforeReading called with the reader's place before each reading
 */
async function pairs(
  lab: Lab,
  all: readonly (readonly [Program, Program])[],
  seederPlace: (program: string) => Promise<Place>,
  readerPlace: (program: string) => Promise<Place>,
  beforeReading: (place: Place) => Promise<void> = () => Promise.resolve(),
): Promise<Pair[]> {
  const seeders = new Map<string, { subject: Package; note: string; failure?: string }>();
  const readers = new Map<string, Place>();
  const found: Pair[] = [];
  for (const [seeder, reader] of all) {
    if (!seeders.has(seeder.name)) {
      const subject = await lab.pack(`small-${seeders.size}`, SMALL);
      const place = await seederPlace(`s${seeders.size}`);
      try {
        const named = await lab.seed(seeder, place, subject);
        const note = named.length > 0 ? "" : "the DHT names no peer";
        seeders.set(seeder.name, { subject, note });
      } catch (error) {
        const failure = (error as Error).message.split("\n")[0]!;
        seeders.set(seeder.name, { subject, note: "", failure });
      }
    }
    if (!readers.has(reader.name)) {
      readers.set(reader.name, await readerPlace(`r${readers.size}`));
    }
    const { subject, note, failure } = seeders.get(seeder.name)!;
    const limitMs = [seeder, reader].includes(transmission) ? TRANSMISSION_LIMIT_MS : LIMIT_MS;
    found.push({
      seeder: seeder.name,
      reader: reader.name,
      note,
      async measure() {
        if (failure !== undefined) return { failure };
        const place = readers.get(reader.name)!;
        await beforeReading(place);
        return await lab.read(reader.read, place, subject, limitMs);
      },
    });
  }
  return found;
}

/** Seeders at home, each behind a router of its own, and readers with public addresses. */
function behindRouter(mapping: Mapping, about: string, isShort: boolean): Topology {
  return {
    name: mapping === "none" ? "router" : `router-${mapping}`,
    about,
    needs: programNeeds,
    isShort,
    build: (lab) =>
      pairs(lab, meetings, async (name) => {
        const router = await homeRouter(lab.network, `${name}-router`, { mapping });
        return await router.host(name);
      }, (name) => lab.network.host(name)),
  };
}

/** Seeder and reader at home, each behind a router of its own. */
function betweenHomes(nat: Nat, isShort: boolean): Topology {
  const home = (lab: Lab) => async (name: string) =>
    await (await homeRouter(lab.network, `${name}-router`, { nat })).host(name);
  return {
    name: `homes-${nat}`,
    about: `seeder and reader behind ${nat} routers of their own, which open no ports`,
    needs: programNeeds,
    isShort,
    build: (lab) => pairs(lab, meetings, home(lab), home(lab)),
  };
}

/** Pairs in which one side, libtorrent or aria2, insists on encryption or on none. */
const encryptions: readonly (readonly [Program, Program])[] = [
  libtorrent("rc4"),
  libtorrent("plaintext"),
  libtorrent("off"),
  aria2(true),
].flatMap((peer) => [[peer, libreseed] as const, [libreseed, peer] as const]);

/** All topologies, in the table's order. */
export const topologies: readonly Topology[] = [
  {
    name: "plain",
    about: "two public hosts, 80 ms apart",
    needs: programNeeds,
    isShort: true,
    build: (lab) =>
      pairs(
        lab,
        [...meetings, ...references],
        (name) => lab.network.host(name),
        (name) => lab.network.host(name),
        // Transmission knows a peer by its address, and chokes one that was a seeder before.
        (place) => lab.network.renumber(place),
      ),
  },
  {
    name: "first-byte",
    about: "a package of 20 kB by KEY/NAME from a fresh home, 80 ms from seeder and DHT",
    needs: programNeeds,
    isShort: true,
    async build(lab) {
      const subject = await lab.pack("small", SMALL);
      await lab.seed(libreseed, await lab.network.host("seeder"), subject);
      const reader = await lab.network.host("reader");
      const measured = (read: Program["read"]) => () => lab.read(read, reader, subject, LIMIT_MS);
      const pair = { seeder: "libreseed" };
      return [
        { ...pair, reader: "libreseed, KEY/NAME", measure: measured(libreseed.readByName) },
        { ...pair, reader: "libreseed, magnet", measure: measured(libreseed.read) },
        { ...pair, reader: "libtorrent, magnet", measure: measured(libtorrent().read) },
      ];
    },
  },
  {
    name: "encryption",
    about: "two public hosts, one of which insists on encryption, or on none",
    needs: programNeeds,
    isShort: true,
    build: (lab) =>
      pairs(lab, encryptions, (name) => lab.network.host(name), (name) => lab.network.host(name)),
  },
  behindRouter("none", "seeder behind a home router that opens no ports", false),
  behindRouter("igd1", "seeder behind a home router with UPnP IGD 1", false),
  behindRouter("igd2", "seeder behind a home router with UPnP IGD 2", false),
  behindRouter("pcp", "seeder behind a home router with NAT-PMP and PCP, without UPnP", false),
  {
    name: "lan",
    about: "seeder and reader in the same home",
    needs: programNeeds,
    isShort: true,
    async build(lab) {
      const router = await homeRouter(lab.network, "router");
      return await pairs(lab, meetings, router.host, router.host);
    },
  },
  betweenHomes("full-cone", false),
  betweenHomes("port-restricted", false),
  betweenHomes("symmetric", false),
  {
    name: "carrier",
    about: "seeder at home behind a carrier's NAT (100.64.0.0/10), reader public",
    needs: programNeeds,
    isShort: false,
    async build(lab) {
      const carrier = await carrierRouter(lab.network, "carrier");
      const home = async (name: string) =>
        await (await carrier.router(`${name}-router`, { mapping: "igd2" })).host(name);
      return await pairs(lab, meetings, home, (name) => lab.network.host(name));
    },
  },
  {
    name: "moved",
    about: "the seeder's address changes; from then until a fresh reader has the package",
    needs: programNeeds,
    isShort: false,
    maxRounds: 1,
    async build(lab) {
      const reader = await lab.network.host("reader");
      const found: Pair[] = [];
      for (const program of [libreseed, libtorrent()]) {
        const place = await lab.network.host(`seeds-${found.length}`);
        const subject = await lab.pack(`small-${found.length}`, SMALL);
        await lab.seed(program, place, subject);
        found.push({
          seeder: program.name,
          reader: program.name,
          async measure() {
            await lab.network.renumber(place);
            return await untilRead(() => lab.read(program.read, reader, subject, MOVED_LIMIT_MS));
          },
        });
      }
      return found;
    },
  },
  {
    name: "dual-stack",
    about: "two public hosts with IPv4 and IPv6, 80 ms apart",
    needs: programNeeds,
    isShort: false,
    build(lab) {
      const host = async (name: string) => {
        const place = await lab.network.host(name);
        await lab.network.addIpv6(place);
        return place;
      };
      return pairs(lab, [[libreseed, libreseed], [peers[0]!, peers[0]!]], host, host);
    },
  },
  {
    name: "ipv6-only",
    about: "two hosts that have IPv6 only, and a DHT that has IPv4 only",
    needs: programNeeds,
    isShort: false,
    maxRounds: 1,
    async build(lab) {
      const host = (name: string) => lab.network.hostOfIpv6(name, accessLink);
      return await pairs(lab, [[peers[0]!, peers[0]!]], host, host);
    },
  },
];

/** Repeats a reading that fails early, as a user would; the time counts from the first try. */
async function untilRead(read: () => Promise<Outcome>): Promise<Outcome> {
  const begin = performance.now();
  for (;;) {
    const outcome = await read();
    const seconds = (performance.now() - begin) / 1_000;
    if (!("failure" in outcome)) return { seconds };
    if (seconds * 1_000 > MOVED_LIMIT_MS) return outcome;
  }
}
