/**
 * How soon a reader has a small package from a seeder of its own home that the internet does not
 * reach. The seeder has run for a while, so that only the reader's announcement (BEP 14) brings them
 * together; or the reader was there first, and the seeder's announcement does.
 *
 * @module
 */

import {
  daemon,
  daemonHigh,
  homeWithoutInternet,
  offline,
  offlineHigh,
  type OfLan,
  unreachable,
} from "./lan_checks.ts";
import { aria2, libtorrent, transmissionOfLan } from "./programs.ts";
import type { Router } from "./router.ts";
import type { Lab, Outcome } from "./lab.ts";
import type { Pair, Topology } from "./topologies.ts";

const SMALL = 20_000;
const LIMIT_MS = 60_000;
/** Time after which libtorrent 2.0 has repeated its first announcement twice (ms). */
const ANNOUNCED_MS = 8_000;

const peer = libtorrent();
/** aria2 with local discovery, which its defaults leave out. */
const ariaOfLan = aria2(false, ["--bt-enable-lpd=true"]);

const seederFirst: readonly (readonly [OfLan, OfLan])[] = [
  [offline, offline],
  [unreachable, unreachable],
  [offline, peer],
  [peer, offline],
  [peer, daemon],
  [peer, daemonHigh],
  [peer, peer],
];
const others: typeof seederFirst = [
  [offline, transmissionOfLan],
  [transmissionOfLan, offline],
  [transmissionOfLan, transmissionOfLan],
  [offline, ariaOfLan],
  [ariaOfLan, offline],
];
const readerFirst: readonly (readonly [OfLan, OfLan])[] = [
  [offline, offline],
  [offline, peer],
  [offlineHigh, peer],
  [peer, offline],
  [peer, peer],
];

/** Reading from a neighbour. */
export const lanTopologies: readonly Topology[] = [
  {
    name: "neighbour",
    about: "a home without the internet, whose seeder has run for 8 s, or starts after the reader",
    needs: ["python3-libtorrent"],
    isShort: false,
    maxRounds: 5,
    build: (lab) => build(lab, seederFirst, readerFirst),
  },
  {
    name: "other-neighbours",
    about: "the same, with Transmission and aria2",
    needs: ["transmission-cli", "aria2c"],
    isShort: false,
    maxRounds: 5,
    build: (lab) => build(lab, others, []),
  },
];

async function build(
  lab: Lab,
  seedersFirst: typeof seederFirst,
  readersFirst: typeof seederFirst,
): Promise<Pair[]> {
  const router = await homeWithoutInternet(lab);
  let hosts = 0;
  const host = () => router.host(`n${hosts++}`);
  const found: Pair[] = [];
  for (const [seeder, reader] of seedersFirst) {
    const subject = await lab.pack(`lan-${found.length}`, SMALL);
    await seeder.seed(lab, await host(), subject);
    found.push({
      seeder: seeder.name,
      reader: reader.name,
      // A program treats a peer that comes again otherwise, so each round has a new host.
      async measure() {
        const place = await host();
        await reader.prepare?.(lab, place);
        return await lab.read(reader.read, place, subject, LIMIT_MS);
      },
    });
  }
  for (const [seeder, reader] of readersFirst) {
    const name = `first-${found.length}`;
    let round = 0;
    found.push({
      seeder: seeder.name,
      reader: reader.name,
      note: "reader first; from the seeder's start",
      measure: () => readFirst(lab, `${name}-${round++}`, host, seeder, reader),
    });
  }
  await delay(ANNOUNCED_MS);
  return found;
}

/** Starts a reader, and later a seeder. Measures the time from the seeder's start to the last byte. */
async function readFirst(
  lab: Lab,
  name: string,
  host: () => ReturnType<Router["host"]>,
  seeder: OfLan,
  reader: OfLan,
): Promise<Outcome> {
  const subject = await lab.pack(name, SMALL);
  const directory = await Deno.makeTempDir({ prefix: "reader-" });
  await using reading = await reader.read(lab, await host(), subject, directory);
  await delay(ANNOUNCED_MS);
  const begin = performance.now();
  await seeder.seed(lab, await host(), subject);
  const isDone = await Promise.race([
    reading.done.then(() => true, () => false),
    delay(LIMIT_MS).then(() => false),
  ]);
  if (!isDone) return { failure: `not reached in ${LIMIT_MS / 1_000} s` };
  return { seconds: (performance.now() - begin) / 1_000 };
}

function delay(timeMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, timeMs));
}
