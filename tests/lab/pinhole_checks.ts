/**
 * Checks of pinholes for IPv6: a daemon behind a home router that drops what comes in has the router
 * let its port in, and says so if the router does not.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { ReachabilityStatus } from "../../src/reachability/mod.ts";
import type { PortMappingStatus } from "../../src/router/mod.ts";
import { type CliProcess, spawnCli } from "../support/mod.ts";
import { daemon, gets, must, PORT, SMALL, startDht6 } from "./ipv6_checks.ts";
import type { Lab } from "./lab.ts";
import { ip, type Place } from "./network.ts";
import { homeRouter, type Mapping, type Router } from "./router.ts";

const POLL_MS = 500;
/** Time limit of what must happen (ms). Only a broken program reaches it. */
const PATIENCE_MS = 240_000;

/** The members of a daemon's status that matter here. */
interface Status {
  pinhole?: PortMappingStatus;
  reachability: ReachabilityStatus;
}

/** A daemon at home, behind a router. */
interface AtHome {
  router: Router;
  place: Place;
  home: string;
  bootstrap: string;
  process: CliProcess;
}

/**
 * Starts a daemon behind a router with IPv6, and publishes a package by it. The system sends from
 * temporary addresses, but the router has to let in what comes to the lasting one.
 */
async function seedAtHome(lab: Lab, mapping: Mapping): Promise<AtHome> {
  const [bootstrap] = await startDht6(lab);
  const router = await homeRouter(lab.network, "router", { mapping, ipv6: true });
  const place = await router.host("seeder");
  await lab.network.addTemporaryAddresses(place);
  const home = await lab.home(place.name);
  const process = await daemon(lab, place, home, [bootstrap], true);
  const { archive } = await lab.pack("of-seeder", SMALL);
  await must(place, home, ["publish", archive]);
  return { router, place, home, bootstrap, process };
}

/** Waits until a daemon's status satisfies a condition, and returns the status. */
async function until({ place, home }: AtHome, holds: (status: Status) => boolean): Promise<Status> {
  for (const end = performance.now() + PATIENCE_MS;;) {
    const status: Status = JSON.parse(await must(place, home, ["status", "--json"]));
    if (holds(status)) return status;
    assert(performance.now() < end, JSON.stringify(status, undefined, 2));
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Whether a place outside can connect to the daemon's TCP port over IPv6. */
async function connects(from: Place, host: string): Promise<boolean> {
  const script = `import socket; socket.create_connection(('${host}', ${PORT}), 3)`;
  const { code } = await spawnCli(["-c", script], { program: [...from.enter, "python3"] }).result;
  return code === 0;
}

const bothTo = (address: string) => [`tcp [${address}]:${PORT}`, `udp [${address}]:${PORT}`];

/** Asserts that a router lets a daemon's port in, follows a change of its address, and closes it. */
async function opensPinhole(lab: Lab, mapping: "pcp" | "igd2") {
  const at = await seedAtHome(lab, mapping);
  const { router, place, process } = at;
  const { pinhole } = await until(at, ({ pinhole }) => pinhole?.mapping !== undefined);
  assert.deepEqual(pinhole!.mapping, {
    protocol: mapping === "pcp" ? "PCP" : "UPnP",
    externalAddress: place.address6,
    externalPort: PORT,
    externalUdpPort: PORT,
  });
  assert.deepEqual(await router.pinholes(), bothTo(place.address6!));
  assert.match(await must(place, at.home, ["status"]), /the router lets port 6881 in/);
  const reader = await lab.network.hostOfIpv6("reader");
  assert(await connects(reader, place.address6!));
  await gets(lab, reader, "of-seeder", at.bootstrap);
  await until(at, ({ reachability }) => (reachability.ipv6?.incoming.connections ?? 0) > 0);

  // Another lasting address takes the place of the old one, which stays for a while.
  const old = place.address6!;
  const now = old.replace(/::.*/, "::aa:1");
  await ip(
    place,
    `addr add ${now}/64 dev eth0 nodad`,
    `addr change ${old}/64 dev eth0 preferred_lft 0`,
  );
  await until(at, ({ pinhole }) => pinhole?.mapping?.externalAddress === now);
  assert(await connects(reader, now));

  process.kill("SIGTERM");
  assert.equal((await process.status).code, 0);
  // A router of UPnP lets only the old address itself take its pinhole back. miniupnpd refuses to
  // delete one of PCP whose request was repeated, and keeps it for two minutes.
  const isLeft = (one: string) => mapping === "pcp" || one.includes(now);
  for (const end = performance.now() + PATIENCE_MS; (await router.pinholes()).some(isLeft);) {
    assert(performance.now() < end, `${await router.pinholes()} are open`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Checks by name. Each takes a lab without hosts. */
export const pinholeChecks: Record<string, (lab: Lab) => Promise<void>> = {
  "a router with PCP lets the daemon's port in over IPv6, for a reader that has IPv6 only": (lab) =>
    opensPinhole(lab, "pcp"),

  "a router with IGD 2 lets the daemon's port in over IPv6, for a reader that has IPv6 only": (
    lab,
  ) => opensPinhole(lab, "igd2"),

  async "behind a router that opens no pinhole, status says so, and what to let in"(lab) {
    const at = await seedAtHome(lab, "none");
    const { place } = at;
    const { reachability } = await until(
      at,
      ({ reachability }) => reachability.ipv6?.pinhole === "none",
    );
    assert.equal(reachability.ipv6!.placement, "public");
    assert.notEqual(reachability.reachable, "yes");
    const words = await must(place, at.home, ["status"]);
    assert.match(words, /no router has opened a pinhole for port 6881/);
    assert(words.includes(`let TCP and UDP port 6881 of ${place.address6} in`), words);
    await at.process.waitForLine(/no router has opened a port of IPv6: No router answered/);
    const outside = await lab.network.hostOfIpv6("outside");
    assert.equal(await connects(outside, place.address6!), false);
  },
};
