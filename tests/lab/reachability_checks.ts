/**
 * Checks of what a daemon says about its reachability, on public hosts, behind routers and behind a
 * carrier's NAT, and of what it does when an address changes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fitsAddress, type ReachabilityStatus } from "../../src/reachability/mod.ts";
import { type CliProcess, spawnCli } from "../support/mod.ts";
import type { Lab, Package } from "./lab.ts";
import type { Place } from "./network.ts";
import { libreseed, libreseedIn, seedWithLibreseed, startLibreseed } from "./programs.ts";
import { carrierRouter, homeRouter } from "./router.ts";

const SMALL = 20_000;
const POLL_MS = 500;
/** Time limits (ms): of a finding that must come, and of a reading. Only a broken program reaches them. */
const FINDING_MS = 120_000;
const READING_MS = 240_000;

/** A daemon in the lab. */
interface Subject {
  subject: Package;
  daemon: CliProcess;
  /** Runs a command of the daemon's home. */
  command(...args: string[]): Promise<{ code: number; stdout: string }>;
  /** Waits until the daemon's finding satisfies a condition. */
  until(isIt: (status: ReachabilityStatus) => boolean): Promise<ReachabilityStatus>;
}

async function seedAt(lab: Lab, place: Place): Promise<Subject> {
  const subject = await lab.pack("small", SMALL);
  const started = await seedWithLibreseed(lab, place, subject);
  return { subject, ...watch(lab, place, started) };
}

/** Commands of a daemon, and waiting for its finding. */
function watch(
  lab: Lab,
  place: Place,
  { home, daemon }: { home: string; daemon: CliProcess },
): Omit<Subject, "subject"> {
  const command = async (...args: string[]) => {
    const flags = ["--bootstrap", lab.dht.bootstrap.join(",")];
    const all = args[0] === "doctor" ? [...args, ...flags] : args;
    const { code, stdout } = await spawnCli(all, { home, program: libreseedIn(place) }).result;
    return { code, stdout };
  };
  return {
    daemon,
    command,
    async until(isIt) {
      for (const end = performance.now() + FINDING_MS;;) {
        const { stdout } = await command("status", "--json");
        const { reachability } = JSON.parse(stdout) as { reachability: ReachabilityStatus };
        if (isIt(reachability)) return reachability;
        assert(performance.now() < end, stdout);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
  };
}

/**
 * Asserts what `doctor` says in the row `reachable`, and its exit code. Asks repeatedly: while the
 * machine is busy, a finding may be taken back for a moment, as when a check of the mapping fails or
 * no node of the DHT has answered for a while.
 */
async function doctorSays({ command }: Subject, verdict: string, code: number, words: RegExp) {
  const row = new RegExp(`^${verdict} +reachable +`, "m");
  for (const end = performance.now() + FINDING_MS;;) {
    const { code: was, stdout } = await command("doctor");
    if (was === code && row.test(stdout) && words.test(stdout)) return;
    assert(performance.now() < end, `doctor ended with ${was}, not ${code}\n${stdout}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Asserts that the node's id fits an address. */
async function idFits({ command }: Subject, address: string): Promise<void> {
  for (const end = performance.now() + FINDING_MS;;) {
    const { nodeId } = JSON.parse((await command("status", "--json")).stdout);
    if (fitsAddress(Uint8Array.fromHex(nodeId), address)) return;
    assert(performance.now() < end, `${nodeId} does not fit ${address}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Asserts that a reader gets the package. */
async function reads(lab: Lab, { subject }: Subject): Promise<void> {
  const reader = await lab.network.host("reader");
  const outcome = await lab.read(libreseed.read, reader, subject, READING_MS);
  assert("seconds" in outcome, JSON.stringify(outcome));
}

/** The checks, by name. Each takes a lab without hosts. */
export const reachabilityChecks: Record<string, (lab: Lab) => Promise<void>> = {
  async "a daemon on a public host knows it, and that a reader has come in"(lab) {
    const place = await lab.network.host("seeder");
    const at = await seedAt(lab, place);
    const { ipv4, reachable } = await at.until(({ ipv4 }) => ipv4.external !== undefined);
    assert.deepEqual([ipv4.placement, ipv4.external!.address], ["public", place.address]);
    assert.equal(reachable, "unknown");
    await idFits(at, place.address!);
    await doctorSays(at, "ok", 0, /no peer outside has connected yet/);
    await reads(lab, at);
    await at.until(({ reachable }) => reachable === "yes");
    await at.daemon.waitForLine(/reachability: .*public address.*peers outside have connected/);
  },

  async "a daemon that seeds nothing learns its address, although few nodes tell it"(lab) {
    const router = await homeRouter(lab.network, "router");
    const place = await router.host("idle");
    const { until } = watch(lab, place, await startLibreseed(lab, place, "idle"));
    const { ipv4 } = await until(({ ipv4 }) => ipv4.external !== undefined);
    assert.equal(ipv4.external!.address, router.place.address);
  },

  async "a daemon behind a router that opens no port says so, and what to forward"(lab) {
    const router = await homeRouter(lab.network, "router");
    const place = await router.host("seeder");
    const at = await seedAt(lab, place);
    const { ipv4 } = await at.until(({ reachable }) => reachable === "no");
    assert.deepEqual([ipv4.placement, ipv4.external!.address], ["nat", router.place.address]);
    await idFits(at, router.place.address!);
    const advice = new RegExp(`forward TCP and UDP port 6881 to ${place.address} in the router`);
    await doctorSays(at, "fail", 5, advice);
    const warning = new RegExp(`reachability: behind NAT .*${advice.source}`);
    assert.match(at.daemon.stderr, warning);
  },

  async "a daemon behind a router that opens its port is reached at the router's address"(lab) {
    const router = await homeRouter(lab.network, "router", { mapping: "igd2" });
    const at = await seedAt(lab, await router.host("seeder"));
    const { ipv4, router: named } = await at.until(({ ipv4 }) => ipv4.placement === "mapped");
    assert.deepEqual(named, { address: router.place.address, port: 6881 });
    assert.notEqual(ipv4.reachable, "no");
    await doctorSays(at, "ok", 0, /the router has opened/);
    await reads(lab, at);
    await at.until(({ reachable }) => reachable === "yes");
  },

  async "a daemon behind a carrier's NAT says so, although its own router is willing"(lab) {
    const carrier = await carrierRouter(lab.network, "carrier");
    const router = await carrier.router("router", { mapping: "igd2" });
    const at = await seedAt(lab, await router.host("seeder"));
    const { ipv4 } = await at.until(({ reachable }) => reachable === "no");
    assert.equal(ipv4.placement, "carrier-nat");
    assert.equal(ipv4.external!.address, carrier.place.address);
    await doctorSays(at, "fail", 5, /behind a second NAT.*home router.*use IPv6/);
  },

  async "a home whose router gets another address is found there, without a word from the machine"(
    lab,
  ) {
    const router = await homeRouter(lab.network, "router", { mapping: "igd2" });
    const at = await seedAt(lab, await router.host("seeder"));
    await at.until(({ ipv4 }) => ipv4.placement === "mapped" && ipv4.external !== undefined);
    const before = router.place.address!;
    await lab.network.renumber(router.place);
    const now = router.place.address!;
    assert.notEqual(now, before);
    await at.until(({ ipv4 }) => ipv4.external?.address === now);
    await idFits(at, now);
    await at.until(({ ipv4 }) => ipv4.placement === "mapped");
    for (const end = performance.now() + FINDING_MS;;) {
      if ((await lab.dht.peers(at.subject.infoHashHex)).includes(`${now}:6881`)) break;
      assert(performance.now() < end, "the DHT does not name the new address");
    }
    await reads(lab, at);
  },

  async "a host with a new lease announces itself at once, with a node id that fits"(lab) {
    const place = await lab.network.host("seeder");
    const at = await seedAt(lab, place);
    await at.until(({ ipv4 }) => ipv4.external?.address === place.address);
    await lab.network.renumber(place);
    for (const end = performance.now() + FINDING_MS;;) {
      const named = await lab.dht.peers(at.subject.infoHashHex);
      if (named.includes(`${place.address}:6881`)) break;
      assert(performance.now() < end, `the DHT names ${named}`);
    }
    await idFits(at, place.address!);
    await reads(lab, at);
  },
};
