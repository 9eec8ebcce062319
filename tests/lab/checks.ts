/**
 * Checks of the lab itself and of the rows that libreseed reaches. `lab_test.ts` registers them as
 * tests; each runs in a lab of its own.
 *
 * @module
 */

import assert from "node:assert/strict";
import { spawnCli } from "../support/mod.ts";
import type { Lab, Package } from "./lab.ts";
import { type Place, run } from "./network.ts";
import { libreseed, libtorrent, type Program } from "./programs.ts";
import { homeRouter, type Nat } from "./router.ts";

const SMALL = 20_000;
/** Limit of a reading that has to end well; only a broken program reaches it. */
const PATIENCE_MS = 240_000;

/** Reads a package that a seeder at a place offers, and asserts that it arrives. */
async function reaches(lab: Lab, seeder: Program, reader: Program, at: [Place, Place]) {
  const subject: Package = await lab.pack("small", SMALL);
  const named = await lab.seed(seeder, at[0], subject);
  assert.deepEqual(named, [`${at[0].address}:6881`]);
  const outcome = await lab.read(reader.read, at[1], subject, PATIENCE_MS);
  assert("seconds" in outcome, JSON.stringify(outcome));
}

/**
 * Sends a UDP packet from inside to each of two outside addresses, and returns the public ports
 * that these see, and whether a third address reaches the first of the ports.
 */
async function observe(lab: Lab, nat: Nat) {
  const router = await homeRouter(lab.network, "router", { nat });
  const inside = await router.host("inside");
  const outside = [await lab.network.host("o1"), await lab.network.host("o2")];
  const third = await lab.network.host("third");
  const listener = [
    "import socket, sys",
    "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "s.bind(('0.0.0.0', 7000))",
    "print('ready', flush=True)",
    "while True: print(*s.recvfrom(9)[1], flush=True)",
  ].join("\n");
  const python = (place: Place, script: string) =>
    lab.network.owns(spawnCli(["-c", script], { program: [...place.enter, "python3"] }));
  const listeners = [inside, ...outside].map((place) => python(place, listener));
  for (const one of listeners) await one.waitForLine(/^ready$/);
  // A second socket would take another port, so the listener's own port is reused for sending.
  const send = (to: readonly string[], port: number, from: number) => `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('0.0.0.0', ${from}))
for host in ${JSON.stringify(to)}: s.sendto(b'hello', (host, ${port}))`;
  await run([
    ...[...inside.enter, "python3", "-c"],
    send(outside.map(({ address }) => address!), 7000, 7001),
  ]);
  const ports: number[] = [];
  for (const one of listeners.slice(1)) {
    const [, host, port] = await one.waitForLine(/^(\d+\.\S+) (\d+)$/);
    assert.equal(host, router.place.address, "the packet comes from the router's address");
    ports.push(Number(port));
  }
  return { router, third, ports, inside, send };
}

/** The checks, by name. Each takes a lab without hosts. */
export const checks: Record<string, (lab: Lab) => Promise<void>> = {
  async "a link delays frames, and loses all of them in a blackout"(lab) {
    const [a, b] = [await lab.network.host("a"), await lab.network.host("b")];
    const ping = () =>
      spawnCli(["-c", "3", "-i", "0.2", "-W", "2", b.address!], {
        program: [...a.enter, "ping"],
      }).result;
    const { stdout } = await ping();
    const [, shortest] = / = ([\d.]+)\//.exec(stdout)!;
    assert(Number(shortest) >= 80, stdout);
    lab.network.toggleBlackout(b);
    assert.match((await ping()).stdout, /100% packet loss/);
    lab.network.toggleBlackout(b);
    assert.match((await ping()).stdout, / 0% packet loss/);
  },

  async "nothing is reached beyond the lab"(lab) {
    const place = await lab.network.host("a");
    const links = JSON.parse(await run(["ip", "-json", "link"]));
    assert.deepEqual(links.map((link: { ifname: string }) => link.ifname), ["lo"]);
    const ping = await spawnCli(["-c", "1", "-W", "2", "192.0.2.1"], {
      program: [...place.enter, "ping"],
    }).result;
    assert.match(ping.stdout, /Unreachable/);
  },

  async "a symmetric router takes another port for each destination"(lab) {
    const { ports } = await observe(lab, "symmetric");
    assert.notEqual(ports[0], ports[1]);
  },

  async "a port-restricted router keeps the port"(lab) {
    const { ports } = await observe(lab, "port-restricted");
    assert.deepEqual(ports, [7001, 7001]);
  },

  async "libreseed reads from libreseed across the internet"(lab) {
    const at: [Place, Place] = [await lab.network.host("a"), await lab.network.host("b")];
    await reaches(lab, libreseed, libreseed, at);
  },

  async "libtorrent reads from libreseed across the internet"(lab) {
    const at: [Place, Place] = [await lab.network.host("a"), await lab.network.host("b")];
    await reaches(lab, libreseed, libtorrent(), at);
  },

  async "libreseed reads from libtorrent across the internet"(lab) {
    const at: [Place, Place] = [await lab.network.host("a"), await lab.network.host("b")];
    await reaches(lab, libtorrent(), libreseed, at);
  },
};
