/**
 * Checks of hole punching (BEP 55): a seeder and a reader, each behind a home router that lets nobody
 * in, and a mirror in between that both can reach.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { spawnCli } from "../support/mod.ts";
import { eventually } from "../support/place.ts";
import type { Lab } from "./lab.ts";
import { run } from "./network.ts";
import { libreseedIn, seedWithLibreseed } from "./programs.ts";
import { homeRouter, type Nat, type Router } from "./router.ts";

const BYTES = 2_000_000;
const timeoutMs = 2 ** 31 - 1;

/**
 * Drops what the hosts behind a router send to the DHT node behind another one. In a DHT as small as
 * the lab's, their searches reach the seeder's node, and so open the way for the seeder by chance.
 */
async function dropDhtQueries(from: Router, to: Router): Promise<void> {
  // A message of the DHT begins with "d", the first byte after the eight of the UDP header.
  const rules = `
    table ip lab_dht {
      chain forward {
        type filter hook forward priority -1;
        ip daddr ${to.place.address} meta l4proto udp @th,64,8 0x64 drop
      }
    }
  `;
  await run([...from.place.enter, "nft", "-f", "-"], rules);
}

/**
 * Asserts that a reader gets most of a package from a seeder behind a router, by the introduction of
 * a mirror.
 */
async function connectThroughMirror(lab: Lab, nat: Nat): Promise<void> {
  const ours = await homeRouter(lab.network, "ours", { nat });
  const theirs = await homeRouter(lab.network, "theirs", { nat: "port-restricted" });
  await dropDhtQueries(theirs, ours);
  const inside = await ours.host("seeder");
  const elsewhere = await theirs.host("reader");
  const outside = await lab.network.host("mirror");
  const subject = await lab.pack("punched", BYTES);
  const noMapping = { LIBRESEED_PORT_MAPPING: "false" };
  const { home } = await seedWithLibreseed(lab, inside, subject, noMapping);
  const uploaded = async () => {
    const options = { home, program: libreseedIn(inside), timeoutMs };
    const { stdout } = await spawnCli(["status", "--json"], options).result;
    return JSON.parse(stdout).uploadedBytes as number;
  };

  // The mirror cannot dial the seeder either. It announces itself as a reader, and the seeder
  // dials it. The mirror then gives next to nothing, so the reader depends on the seeder.
  const mirror = { home: await lab.home("mirror"), program: libreseedIn(outside), timeoutMs };
  const flags = ["--bootstrap", lab.dht.bootstrap.join(",")];
  const limited = ["--upload-limit", "8KiB", "--no-port-mapping"];
  const daemon = lab.network.owns(spawnCli(["seed", ...flags, ...limited], mirror));
  await daemon.waitForLine(/^ready: /, "stdout");
  const name = `${lab.publisher}/${subject.name}`;
  const mirrored = await spawnCli(["get", name], mirror).result;
  assert.equal(mirrored.code, 0, mirrored.stderr);
  await eventually(async () => await uploaded() >= BYTES);

  const reader = { home: await lab.home("reader"), program: libreseedIn(elsewhere), timeoutMs };
  const got = await spawnCli(["get", name, "-o", "out", "--port", "7001", ...flags], {
    ...reader,
    cwd: reader.home,
  }).result;
  assert.equal(got.code, 0, got.stderr);
  assert.equal((await Deno.stat(join(reader.home, "out", "bytes"))).size, BYTES);
  await eventually(async () => await uploaded() >= 1.5 * BYTES);
}

/** Checks by name. Each takes a lab without hosts. */
export const holeChecks: Record<string, (lab: Lab) => Promise<void>> = {
  "a reader and a seeder behind port-restricted routers connect through a mirror": (lab) =>
    connectThroughMirror(lab, "port-restricted"),

  "a mirror introduces a seeder by the port that the seeder's router has taken": (lab) =>
    connectThroughMirror(lab, "port-changing"),

  async "a reader behind a symmetric router is told that hole punching cannot help it"(lab) {
    const nat = "symmetric";
    const inside = await (await homeRouter(lab.network, "ours", { nat })).host("seeder");
    const elsewhere = await (await homeRouter(lab.network, "theirs", { nat })).host("reader");
    const subject = await lab.pack("unreachable", BYTES);
    await seedWithLibreseed(lab, inside, subject, { LIBRESEED_PORT_MAPPING: "false" });
    const home = await lab.home("reader");
    const reader = { home, cwd: home, program: libreseedIn(elsewhere), timeoutMs };
    const daemon = lab.network.owns(
      spawnCli(["seed", "--no-port-mapping", "--bootstrap", lab.dht.bootstrap.join(",")], reader),
    );
    await daemon.waitForLine(/^ready: /, "stdout");
    // Few of the lab's nodes tell at which port they see us. Each search meets more of them.
    const command = ["get", subject.magnet, "--timeout", "15s"];
    let said = "";
    for (let tries = 0; tries < 8 && !said.includes("symmetric"); tries++) {
      const { code, stderr } = await spawnCli(command, reader).result;
      assert.equal(code, 5, stderr);
      said = stderr;
    }
    assert.match(said, /could be reached .*symmetric NAT.* cannot be reached by hole punching/);
  },
};
