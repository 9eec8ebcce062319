/**
 * Checks of port mapping: home routers open a port for libtorrent and for our daemon.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { spawnCli } from "../support/mod.ts";
import type { Lab } from "./lab.ts";
import type { Place } from "./network.ts";
import { defaults, libreseed, libreseedIn, libtorrent, seedWithLibreseed } from "./programs.ts";
import { homeRouter, type Mapping } from "./router.ts";

const SMALL = 20_000;
const POLL_MS = 200;
/** Time limit of a reading that must succeed. Only a broken program reaches it. */
const PATIENCE_MS = 240_000;

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether a place can connect to a TCP port; A port that is silent for `limitS` seconds counts
 * as closed. */
async function connects(from: Place, host: string, port: number, limitS: number): Promise<boolean> {
  const script = `import socket; socket.create_connection(('${host}', ${port}), ${limitS})`;
  const { code } = await spawnCli(["-c", script], { program: [...from.enter, "python3"] }).result;
  return code === 0;
}

/**
 * Makes libtorrent ask a router to open its port, and asserts that the port is reached, TCP and
 * UDP.
 */
async function opensPort(lab: Lab, mapping: Mapping): Promise<void> {
  const router = await homeRouter(lab.network, "router", { mapping });
  const inside = await router.host("inside");
  const outside = await lab.network.host("outside");
  const subject = await lab.pack("small", SMALL);
  await libtorrent().seed(lab, inside, subject);
  while (!(await router.openPorts()).includes(6881)) await delay(POLL_MS);
  assert(await connects(outside, router.place.address!, 6881, 60));
  await router.restart();
  assert.deepEqual(await router.openPorts(), []);
  assert.equal(await connects(outside, router.place.address!, 6881, 2), false);
}

/**
 * Starts a daemon behind a router, and asserts that the router opens its port, that a reader outside
 * gets a package from it, and that nothing is open after the daemon's end.
 */
async function mapsPort(lab: Lab, mapping: Exclude<Mapping, "none">) {
  const router = await homeRouter(lab.network, "router", { mapping });
  const subject = await lab.pack("small", SMALL);
  const place = await router.host("inside");
  const { home, daemon } = await seedWithLibreseed(lab, place, subject);
  const { address } = router.place;
  await daemon.waitForLine(new RegExp(`the router has opened a port: ${address}:6881 by `));
  assert.deepEqual([...new Set(await router.openPorts())], [6881]);
  const options = { home, program: libreseedIn(place) };
  const { portMapping } = JSON.parse((await spawnCli(["status", "--json"], options).result).stdout);
  assert.equal(portMapping.mapping.externalAddress, address);
  assert.equal(portMapping.mapping.externalUdpPort, 6881);
  const reader = await lab.network.host("reader");
  const outcome = await lab.read(libreseed.read, reader, subject, PATIENCE_MS);
  assert("seconds" in outcome, JSON.stringify(outcome));
  daemon.kill("SIGTERM");
  assert.equal((await daemon.status).code, 0);
  assert.deepEqual(await router.openPorts(), []);
}

/**
 * Kills a daemon behind a router that refuses another nonce for the same port, and asserts that the
 * next daemon of the home renews the mapping.
 */
async function keepsNonce(lab: Lab): Promise<void> {
  const router = await homeRouter(lab.network, "router");
  const script = fileURLToPath(new URL("./strict_pcp.py", import.meta.url));
  const program = [...router.place.enter, "python3", script];
  const timeoutMs = 2 ** 31 - 1;
  const server = lab.network.owns(spawnCli([router.place.address!], { program, timeoutMs }));
  await server.waitForLine(/^ready$/, "stdout");
  const place = await router.host("inside");
  const { home, daemon } = await seedWithLibreseed(lab, place, await lab.pack("small", SMALL));
  const opened = /the router has opened a port: \S+:6881 by PCP$/;
  await daemon.waitForLine(opened);
  daemon.kill("SIGKILL");
  await daemon.status;
  const flags = ["--bootstrap", lab.dht.bootstrap.join(","), "--port", "6881"];
  const next = { env: defaults, program: libreseedIn(place), timeoutMs };
  const stranger = lab.network.owns(
    spawnCli(["seed", ...flags], { ...next, home: await lab.home("stranger") }),
  );
  await stranger.waitForLine(/no router has opened a port: .*NOT_AUTHORIZED/);
  stranger.kill("SIGTERM");
  await stranger.status;
  const second = lab.network.owns(spawnCli(["seed", ...flags], { ...next, home }));
  await second.waitForLine(opened);
  second.kill("SIGTERM");
  assert.equal((await second.status).code, 0);
  assert.match(server.stdout, /^deleted tcp 6881$/m);
}

/** Checks by name. Each takes a lab without hosts. */
export const mappingChecks: Record<string, (lab: Lab) => Promise<void>> = {
  ...Object.fromEntries(
    (["igd1", "igd2", "pcp"] as const).map((mapping) => [
      `a router with ${mapping} opens a port for libtorrent, and forgets it at a restart`,
      (lab: Lab) => opensPort(lab, mapping),
    ]),
  ),

  ...Object.fromEntries(
    (["igd1", "igd2", "pcp"] as const).map((mapping) => [
      `a router with ${mapping} opens the daemon's port, which is taken back at SIGTERM`,
      (lab: Lab) => mapsPort(lab, mapping),
    ]),
  ),

  "after a kill, a router with PCP lets only the next daemon of the same home renew the mapping":
    keepsNonce,
};
