/**
 * Checks of libreseed over IPv6: hosts that have nothing else, and seeders and readers of which one
 * has both.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { type CliProcess, spawnCli } from "../support/mod.ts";
import { denoScript } from "./dht.ts";
import type { Lab } from "./lab.ts";
import { type Place, run } from "./network.ts";
import { defaults, libreseedIn } from "./programs.ts";
import { eventually } from "../support/place.ts";

export const SMALL = 20_000;
export const PORT = 6881;
/** Number of hosts whose daemons are the DHT of IPv6. */
const NODES = 4;
const timeoutMs = 2 ** 31 - 1;

/**
 * Starts a daemon at a place, which runs until the lab ends.
 *
 * @param mapsPort whether it asks the router to open its port
 */
export async function daemon(
  lab: Lab,
  place: Place,
  home: string,
  bootstrap: readonly string[],
  mapsPort = false,
): Promise<CliProcess> {
  const flags = ["--port", String(PORT), ...(mapsPort ? [] : ["--no-port-mapping"])];
  const known = ["--bootstrap", bootstrap.length > 0 ? bootstrap.join(",") : "none"];
  const env = mapsPort ? defaults : {};
  const options = { home, env, program: libreseedIn(place), timeoutMs };
  const process = lab.network.owns(spawnCli(["seed", ...flags, ...known], options));
  await process.waitForLine(/^ready: /, "stdout");
  return process;
}

/** Runs a command in a place to its end, and returns its standard output. */
export async function must(place: Place, home: string, args: string[]): Promise<string> {
  const options = { home, cwd: home, program: libreseedIn(place), timeoutMs };
  const { code, stdout, stderr } = await spawnCli(args, options).result;
  assert.equal(code, 0, `${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

/** Starts a DHT of IPv6, and returns the addresses of its nodes, `HOST:PORT`. */
export async function startDht6(lab: Lab): Promise<[string, ...string[]]> {
  const first = await lab.network.hostOfIpv6("node0");
  await daemon(lab, first, await lab.home("node0"), []);
  const nodes: [string, ...string[]] = [addressAt(first)];
  const others: Promise<CliProcess>[] = [];
  for (let i = 1; i < NODES; i++) {
    const place = await lab.network.hostOfIpv6(`node${i}`);
    others.push(daemon(lab, place, await lab.home(`node${i}`), nodes.slice(0, 1)));
    nodes.push(addressAt(place));
  }
  await Promise.all(others);
  return nodes;
}

/** Address at which the daemon of a place is reached by IPv6. */
function addressAt({ address6 }: Place): string {
  return `[${address6}]:${PORT}`;
}

/** The temporary addresses of IPv6 of a place. */
async function temporaryAt({ name }: Place): Promise<string[]> {
  const lines = await run(["ip", "-n", name, "-6", "-o", "addr", "show", "temporary"]);
  return [...lines.matchAll(/inet6 ([\da-f:]+)/g)].map(([, address]) => address!);
}

/** The peers of a torrent that DHT nodes name to a place. */
async function peersOf(place: Place, infoHashHex: string, nodes: string[]): Promise<string[]> {
  const script = [...place.enter, ...denoScript("./dht_peers.ts"), infoHashHex, ...nodes];
  return JSON.parse(await run(script));
}

/** Gets a package of the lab's publisher at a place, into a new home, and asserts that it is whole. */
export async function gets(lab: Lab, place: Place, name: string, bootstrap: string): Promise<void> {
  const home = await lab.home(`${place.name}-of-${name}`);
  const flags = ["--bootstrap", bootstrap, "--port", "7001"];
  await must(place, home, ["get", `${lab.publisher}/${name}`, "-o", "out", ...flags]);
  assert.equal((await Deno.stat(join(home, "out", "bytes"))).size, SMALL);
}

/** Checks by name. Each takes a lab without hosts. */
export const ipv6Checks: Record<string, (lab: Lab) => Promise<void>> = {
  async "hosts with only IPv6 publish, get and install, and meet hosts that have both"(lab) {
    const [bootstrap] = await startDht6(lab);
    const only = await lab.network.hostOfIpv6("only");
    const both = await lab.network.host("both");
    await lab.network.addIpv6(both);
    for (const place of [only, both]) {
      const home = await lab.home(place.name);
      await daemon(lab, place, home, [bootstrap]);
      const { archive } = await lab.pack(`of-${place.name}`, SMALL);
      await must(place, home, ["publish", archive]);
      const status = JSON.parse(await must(place, home, ["status", "--json"]));
      assert.equal(status.dht.state, "on");
      assert.ok(status.dht6.nodes > 0, JSON.stringify(status.dht6));
    }
    const reader = await lab.network.hostOfIpv6("reader");
    await gets(lab, reader, "of-only", bootstrap);
    await gets(lab, reader, "of-both", bootstrap);
    await gets(lab, both, "of-only", bootstrap);
    const home = await lab.home("installer");
    const flags = ["--bootstrap", bootstrap, "--port", "7001"];
    const installed = await must(reader, home, ["install", `${lab.publisher}/of-only`, ...flags]);
    assert.equal((await Deno.stat(join(installed.trim(), "bytes"))).size, SMALL);
    await must(reader, home, ["upgrade", ...flags]);
  },

  async "a daemon whose host gets IPv6 later is found there"(lab) {
    const [bootstrap, ...others] = await startDht6(lab);
    const late = await lab.network.host("late");
    const home = await lab.home("late");
    await daemon(lab, late, home, [...lab.dht.bootstrap, bootstrap]);
    const { archive, infoHashHex } = await lab.pack("late", SMALL);
    await must(late, home, ["publish", archive]);
    const reader = await lab.network.hostOfIpv6("reader");
    const peers = () => peersOf(reader, infoHashHex, [bootstrap, ...others]);
    assert.deepEqual(await peers(), []);

    await lab.network.addIpv6(late);
    await eventually(async () => (await peers()).includes(addressAt(late)));
    // The records may come a moment later.
    await eventually(async () => {
      await gets(lab, reader, "late", bootstrap);
      return true;
    });
  },

  async "a seeder with temporary addresses is known by its lasting one, and when that changes by the new one"(
    lab,
  ) {
    const nodes = await startDht6(lab);
    const seeder = await lab.network.hostOfIpv6("seeder");
    const reader = await lab.network.hostOfIpv6("reader");
    await lab.network.addTemporaryAddresses(seeder);
    await eventually(async () => (await temporaryAt(seeder)).length > 0);
    const temporary = await temporaryAt(seeder);
    const home = await lab.home("seeder");
    await daemon(lab, seeder, home, nodes.slice(0, 1));
    const { archive, infoHashHex } = await lab.pack("lasting", SMALL);
    await must(seeder, home, ["publish", archive]);
    const peers = () => peersOf(reader, infoHashHex, nodes);
    await eventually(async () => (await peers()).length > 0);
    const lasting = addressAt(seeder);
    const idOf = async () =>
      JSON.parse(await must(seeder, home, ["status", "--json"])).dht6.nodeIdHex;
    const id = await idOf();

    await eventually(async () => {
      const now = await temporaryAt(seeder);
      return now.length > 0 && !now.some((one) => temporary.includes(one));
    });
    assert.deepEqual(await peers(), [lasting]);
    assert.equal(await idOf(), id, "the node has kept its id");
    await gets(lab, reader, "lasting", nodes[0]);

    await lab.network.renumberIpv6(seeder);
    const moved = addressAt(seeder);
    await eventually(async () => (await peers()).includes(moved));
    const other = await lab.network.hostOfIpv6("other");
    await gets(lab, other, "lasting", nodes[0]);
  },
};
