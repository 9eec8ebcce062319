/**
 * Checks of the lab itself: its links, routers and addresses do what the other checks rely on.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type CliProcess, spawnCli } from "../support/mod.ts";
import type { Lab } from "./lab.ts";
import { type Place, run } from "./network.ts";
import { carrierRouter, homeRouter, type Nat } from "./router.ts";

/** Starts a Python script in a place. */
function python(lab: Lab, place: Place, script: string): CliProcess {
  return lab.network.owns(spawnCli(["-c", script], { program: [...place.enter, "python3"] }));
}

/** Prints the source of each UDP packet that comes to port 7000. */
const udpListener = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('0.0.0.0', 7000))
print('ready', flush=True)
while True: print(*s.recvfrom(9)[1], flush=True)`;

/** Sends a UDP packet from port 7000 to each of some hosts, then prints the source of each answer. */
const udpSender = (hosts: readonly string[]) => `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('0.0.0.0', 7000))
for host in ${JSON.stringify(hosts)}: s.sendto(b'hello', (host, 7000))
print('sent', flush=True)
while True: print(*s.recvfrom(9)[1], flush=True)`;

/** Answers from port 7000 to port 7000 of a host. */
const udpReply = (host: string) => `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('0.0.0.0', 7000))
s.sendto(b'hello', ('${host}', 7000))`;

/** Sends a UDP packet to a host. */
const udpTo = (host: string, port: number) => `
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'hello', ('${host}', ${port}))`;

/**
 * Sends a UDP packet from behind a router to two hosts, and returns the ports from which the packets
 * come, the process that sent them, and a third host.
 */
async function observe(lab: Lab, nat: Nat) {
  const router = await homeRouter(lab.network, "router", { nat });
  const inside = await router.host("inside");
  const outside = [await lab.network.host("o1"), await lab.network.host("o2")];
  const third = await lab.network.host("third");
  const listeners = outside.map((place) => python(lab, place, udpListener));
  for (const one of listeners) await one.waitForLine(/^ready$/);
  const sender = python(lab, inside, udpSender(outside.map(({ address }) => address!)));
  const ports: number[] = [];
  for (const one of listeners) {
    const [, host, port] = await one.waitForLine(/^(\d+\.\S+) (\d+)$/);
    assert.equal(host, router.place.address, "the packet comes from the router's address");
    ports.push(Number(port));
  }
  for (const one of listeners) await one[Symbol.asyncDispose]();
  return { router, outside, third, ports, sender };
}

/** Whether a host answers any of three pings. */
async function pings(from: Place, address: string): Promise<boolean> {
  const args = ["-c", "3", "-i", "0.2", "-W", "2", address];
  return (await spawnCli(args, { program: [...from.enter, "ping"] }).result).code === 0;
}

/** Checks by name. Each takes a lab without hosts. */
export const networkChecks: Record<string, (lab: Lab) => Promise<void>> = {
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
    assert.deepEqual(ports, [7000, 7000]);
  },

  async "a port-restricted router refuses a host to which no inner host has sent"(lab) {
    const { router, outside, third, sender } = await observe(lab, "port-restricted");
    const from = (place: Place) =>
      run([...place.enter, "python3", "-c", udpTo(router.place.address!, 7000)]);
    await from(third);
    // An answer from port 7000 passes, because the packet went to this port.
    await run([...outside[1]!.enter, "python3", "-c", udpReply(router.place.address!)]);
    await sender.waitForLine(new RegExp(`^${outside[1]!.address} 7000$`));
    assert.equal(sender.stdout.includes(third.address!), false);
  },

  async "a full-cone router admits every host to a port that was used from inside"(lab) {
    const { router, third, ports, sender } = await observe(lab, "full-cone");
    await run([...third.enter, "python3", "-c", udpTo(router.place.address!, ports[0]!)]);
    await sender.waitForLine(new RegExp(`^${third.address} \\d+$`));
  },

  async "a carrier's router gives homes addresses of 100.64.0.0/10"(lab) {
    const carrier = await carrierRouter(lab.network, "carrier");
    const home = await carrier.router("home");
    const inside = await home.host("inside");
    const outside = await lab.network.host("outside");
    const listener = python(lab, outside, udpListener);
    await listener.waitForLine(/^ready$/);
    await run([...inside.enter, "python3", "-c", udpTo(outside.address!, 7000)]);
    await listener.waitForLine(new RegExp(`^${carrier.place.address} \\d+$`));
    assert.match(home.place.address!, /^100\.64\./);
  },

  async "a host with a new lease is reached at its new address only"(lab) {
    const [a, b] = [await lab.network.host("a"), await lab.network.host("b")];
    const before = b.address!;
    await lab.network.renumber(b);
    assert.equal(await pings(a, before), false);
    assert.equal(await pings(a, b.address!), true);
  },

  async "hosts with only IPv6 reach each other"(lab) {
    const a = await lab.network.hostOfIpv6("a");
    const b = await lab.network.hostOfIpv6("b");
    assert.equal(await pings(a, b.address6!), true);
    assert.equal(a.address, undefined);
  },
};
