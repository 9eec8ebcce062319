/**
 * Checks of the local network: hosts of one home whose router has lost the internet find each other
 * by local discovery (BEP 14).
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { spawnCli } from "../support/mod.ts";
import type { Lab, Package } from "./lab.ts";
import { ip, type Place } from "./network.ts";
import {
  defaults,
  libreseedIn,
  libtorrent,
  type Program,
  type Reading,
  transmissionOfLan,
} from "./programs.ts";
import { homeRouter, type Router } from "./router.ts";

const SMALL = 20_000;
/** Time limit of a reading that must succeed. Only a broken program reaches it. */
const PATIENCE_MS = 240_000;
const timeoutMs = 2 ** 31 - 1;
/** No node of the DHT can be reached, so none is asked. */
const alone = ["--bootstrap", "none", "--port"];

/** The parts of a program that a home without the internet uses. */
export type OfLan = Pick<Program, "name" | "seed" | "read"> & {
  /** Starts what runs before the reading begins. */
  prepare?(lab: Lab, place: Place): Promise<void>;
};

/** A port above that of libtorrent, which then keeps its own attempt to connect and not ours. */
const HIGH_PORT = 7_881;

/** libreseed without a DHT. */
export const offline = libreseedOfLan("libreseed", () => alone);
export const offlineHigh = libreseedOfLan("libreseed, high port", () => alone, HIGH_PORT);

/** libreseed without a DHT, whose daemon downloads. The daemon runs before the reading begins. */
export const daemon = daemonOfLan("libreseed's daemon", 6_881);
export const daemonHigh = daemonOfLan("libreseed's daemon, high port", HIGH_PORT);

function daemonOfLan(name: string, port: number): OfLan {
  return {
    ...offline,
    name,
    async prepare(lab, place) {
      const home = await lab.home(`${place.name}-daemon`);
      const options = { home, env: defaults, program: libreseedIn(place), timeoutMs };
      const process = lab.network.owns(spawnCli(["seed", ...alone, `${port}`], options));
      await process.waitForLine(/^ready: /, "stdout");
    },
    async read(lab, place, subject, directory) {
      const home = await lab.home(`${place.name}-daemon`);
      return readBy({ home, cwd: directory }, place, subject, ["get", subject.magnet]);
    },
  };
}

/** libreseed with a DHT that does not answer. */
export const unreachable = libreseedOfLan(
  "libreseed, DHT unreachable",
  (lab) => ["--bootstrap", lab.dht.bootstrap.join(","), "--port"],
);

function libreseedOfLan(name: string, dhtFlags: (lab: Lab) => string[], port = 6_881): OfLan {
  return {
    name,
    async seed(lab, place, subject) {
      const home = await lab.home(`${place.name}-${subject.name}`);
      const options = { home, env: defaults, program: libreseedIn(place), timeoutMs };
      const daemon = lab.network.owns(spawnCli(["seed", ...dhtFlags(lab), `${port}`], options));
      await daemon.waitForLine(/^ready: /, "stdout");
      const { code, stderr } = await spawnCli(["add", subject.archive], options).result;
      assert.equal(code, 0, stderr);
    },
    read(lab, place, subject, directory) {
      const command = ["get", subject.magnet, ...dhtFlags(lab), "6881"];
      return Promise.resolve(readBy({ home: directory, cwd: directory }, place, subject, command));
    },
  };
}

/** Runs a command that downloads a package, and compares the archive. */
function readBy(
  at: { home: string; cwd: string },
  place: Place,
  { archive }: Package,
  command: string[],
): Reading {
  const program = libreseedIn(place);
  const process = spawnCli(command, { ...at, env: defaults, program, timeoutMs });
  const done = process.result.then(async ({ code, stderr }) => {
    assert.equal(code, 0, stderr);
    const name = archive.split("/").at(-1)!;
    assert.deepEqual(await Deno.readFile(join(at.cwd, name)), await Deno.readFile(archive));
  });
  done.catch(() => {});
  return { done, [Symbol.asyncDispose]: () => process[Symbol.asyncDispose]() };
}

/** Makes the router of a home, which the internet does not reach. */
export async function homeWithoutInternet(lab: Lab): Promise<Router> {
  const router = await homeRouter(lab.network, "router");
  lab.network.toggleBlackout(router.place);
  return router;
}

/** Makes a home with two hosts, which the internet does not reach. */
async function home(lab: Lab): Promise<[Place, Place]> {
  const router = await homeWithoutInternet(lab);
  return [await router.host("seeder"), await router.host("reader")];
}

/** Reads a package from a seeder of the same home, and asserts that the package arrives. */
async function reaches(lab: Lab, at: [Place, Place], seeder: OfLan, reader: OfLan): Promise<void> {
  const subject: Package = await lab.pack("small", SMALL);
  await seeder.seed(lab, at[0], subject);
  await reader.prepare?.(lab, at[1]);
  const outcome = await lab.read(reader.read, at[1], subject, PATIENCE_MS);
  assert("seconds" in outcome, JSON.stringify(outcome));
}

/** Replaces the IPv4 address of a host by a unique local one of IPv6 (RFC 4193). */
async function takeIpv4(place: Place, number: number): Promise<void> {
  await ip(
    place,
    "addr flush dev eth0 to 0.0.0.0/0",
    `addr add fd00:6c72::${number}/64 dev eth0 nodad`,
  );
  place.address = undefined;
}

/** The checks, by name. Each takes a lab without hosts. */
export const lanChecks: Record<string, (lab: Lab) => Promise<void>> = {
  ...Object.fromEntries(
    ([
      [offline, offline],
      [offline, libtorrent()],
      [libtorrent(), offline],
      [libtorrent(), daemon],
      [libtorrent(), daemonHigh],
      [offline, transmissionOfLan],
      [transmissionOfLan, offline],
    ] as const).map(([seeder, reader]) => [
      `in a home without the internet, ${reader.name} reads from ${seeder.name}`,
      async (lab: Lab) => reaches(lab, await home(lab), seeder, reader),
    ]),
  ),

  async "in a home without the internet and IPv4, libreseed reads from libreseed"(lab) {
    const at = await home(lab);
    for (const [number, place] of at.entries()) await takeIpv4(place, number + 1);
    await reaches(lab, at, offline, offline);
  },

  async "a host with only IPv6 reads from the peer that a magnet link names"(lab) {
    const [seeder, reader] = [await lab.network.hostOfIpv6("a"), await lab.network.hostOfIpv6("b")];
    const subject = await lab.pack("small", SMALL);
    await offline.seed(lab, seeder, subject);
    const magnet = `${subject.magnet}&x.pe=[${seeder.address6}]:6881`;
    const outcome = await lab.read(offline.read, reader, { ...subject, magnet }, PATIENCE_MS);
    assert("seconds" in outcome, JSON.stringify(outcome));
  },
};
