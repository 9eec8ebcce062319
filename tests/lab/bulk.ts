/**
 * Large transfers over long links, with each of the kernel's congestion controls. The figure is the
 * time for 256 MiB, from the reader's start to the last byte. libtorrent reads with its defaults, which
 * include uTP, and over TCP alone. libreseed's verification of the whole file, which follows because the
 * magnet link names no publisher, is not included.
 *
 * @module
 */

import type { Lab } from "./lab.ts";
import { accessLink, type LinkFigures, type Place, sysctl } from "./network.ts";
import { libreseed, libtorrent, type Program, tcpOnly } from "./programs.ts";
import type { Pair, Topology } from "./topologies.ts";

const MIB = 2 ** 20;
const BYTES = 256 * MIB;
/** Length of the archive for reno with losses, which halve its rate each time: 0.2 MB/s remain. */
const BYTES_RENO_LOSS = 16 * MIB;
const LIMIT_MS = 150_000;
/** Rounds of a bulk topology; each takes minutes. */
const MAX_ROUNDS = 3;

interface Arrangement {
  name: string;
  about: string;
  seeders: number;
  /** Figures of the seeders' links; the reader's link is the same, or the sum of ten. */
  seeder: LinkFigures;
  reader: LinkFigures;
}

const link = (mbit: number, lossPercent = 0): LinkFigures => ({
  ...accessLink,
  upMbit: mbit,
  downMbit: mbit,
  lossPercent,
});

const arrangements: Arrangement[] = [
  {
    name: "100",
    about: "at 100 Mbit/s",
    seeders: 1,
    seeder: link(100),
    reader: link(100),
  },
  {
    name: "500",
    about: "at 500 Mbit/s",
    seeders: 1,
    seeder: link(500),
    reader: link(500),
  },
  {
    name: "loss",
    about: "at 100 Mbit/s, with 2 % loss on the seeder's link",
    seeders: 1,
    seeder: link(100, 2),
    reader: link(100),
  },
  {
    name: "ten",
    about: "from ten seeders of 20 Mbit/s",
    seeders: 10,
    seeder: link(20),
    reader: link(200),
  },
];

/** 256 MiB at 80 ms, for each arrangement of links and each congestion control. */
export const bulkTopologies: readonly Topology[] = arrangements.flatMap((arrangement) =>
  ["reno", "bbr"].map((control) => ({
    name: `bulk-${arrangement.name}-${control}`,
    about: `256 MiB at 80 ms ${arrangement.about}, ${control}`,
    needs: ["python3-libtorrent"],
    isShort: false,
    maxRounds: MAX_ROUNDS,
    build: (lab: Lab) => build(lab, arrangement, control),
  }))
);

async function build(lab: Lab, arrangement: Arrangement, control: string): Promise<Pair[]> {
  const { seeder, seeders } = arrangement;
  const host = async (name: string, figures: LinkFigures): Promise<Place> => {
    const place = await lab.network.host(name, figures);
    await sysctl(place, `net.ipv4.tcp_congestion_control=${control}`);
    return place;
  };
  const reader = await host("reader", arrangement.reader);
  const overTcp = libtorrent(undefined, tcpOnly);
  const readers = [{ ...libreseed, read: libreseed.readBytes }, overTcp, libtorrent()];
  const meetings = [...(seeders > 1 ? [] : [libreseed]), libtorrent()].flatMap((one) =>
    readers.map((other): [Program, Program] => [one, other])
  );
  const bytes = control === "reno" && seeder.lossPercent ? BYTES_RENO_LOSS : BYTES;
  const packages = new Map<string, Awaited<ReturnType<Lab["pack"]>>>();
  const found: Pair[] = [];
  for (const [from, to] of meetings) {
    if (!packages.has(from.name)) {
      const subject = await lab.pack(`large-${packages.size}`, bytes);
      const prefix = `s${packages.size}-`;
      packages.set(from.name, subject);
      for (let index = 0; index < seeders; index++) {
        await lab.seed(from, await host(`${prefix}${index}`, seeder), subject);
      }
    }
    const subject = packages.get(from.name)!;
    found.push({
      seeder: from.name,
      reader: to.name,
      ...(bytes !== BYTES && { note: `${bytes / MIB} MiB` }),
      measure: () => lab.read(to.read, reader, subject, LIMIT_MS),
    });
  }
  return found;
}
