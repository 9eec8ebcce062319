/**
 * Checks of libreseed over IPv6: hosts that have nothing else, and seeders and readers of which one
 * has both.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { type CliProcess, spawnCli } from "../support/mod.ts";
import type { Lab } from "./lab.ts";
import type { Place } from "./network.ts";
import { defaults, libreseedIn } from "./programs.ts";

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

/** Starts a DHT of IPv6, and returns the bootstrap address. */
export async function startDht6(lab: Lab): Promise<string> {
  const first = await lab.network.hostOfIpv6("node0");
  await daemon(lab, first, await lab.home("node0"), []);
  const bootstrap = `[${first.address6}]:${PORT}`;
  const others: Promise<CliProcess>[] = [];
  for (let i = 1; i < NODES; i++) {
    const place = await lab.network.hostOfIpv6(`node${i}`);
    others.push(daemon(lab, place, await lab.home(`node${i}`), [bootstrap]));
  }
  await Promise.all(others);
  return bootstrap;
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
  async "hosts with only IPv6 publish and get, and meet hosts that have both"(lab) {
    const bootstrap = await startDht6(lab);
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
  },
};
