/**
 * Checks of hole punching (BEP 55): a seeder and a reader, each behind a home router that lets nobody
 * in, and a mirror in between that both can reach.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { spawnCli } from "../support/mod.ts";
import type { Lab } from "./lab.ts";
import { libreseedIn, seedWithLibreseed } from "./programs.ts";
import { homeRouter } from "./router.ts";

const BYTES = 2_000_000;
const POLL_MS = 500;
const timeoutMs = 2 ** 31 - 1;

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Checks by name. Each takes a lab without hosts. */
export const holeChecks: Record<string, (lab: Lab) => Promise<void>> = {
  async "a reader and a seeder behind port-restricted routers connect through a mirror"(lab) {
    const nat = "port-restricted";
    const inside = await (await homeRouter(lab.network, "ours", { nat })).host("seeder");
    const elsewhere = await (await homeRouter(lab.network, "theirs", { nat })).host("reader");
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
    while (await uploaded() < BYTES) await delay(POLL_MS);

    const reader = { home: await lab.home("reader"), program: libreseedIn(elsewhere), timeoutMs };
    const got = await spawnCli(["get", name, "-o", "out", "--port", "7001", ...flags], {
      ...reader,
      cwd: reader.home,
    }).result;
    assert.equal(got.code, 0, got.stderr);
    assert.equal((await Deno.stat(join(reader.home, "out", "bytes"))).size, BYTES);
    while (await uploaded() < 1.5 * BYTES) await delay(POLL_MS);
  },

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
