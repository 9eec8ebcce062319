/**
 * The part of `transmission_test.ts` that runs in a network namespace: a libreseed seeder, a
 * tracker that names the seeder, and Transmission on another address. Transmission accepts no peers
 * in 127.0.0.0/8.
 */

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { concatBytes, utf8 } from "../../src/base/mod.ts";
import { freePort, spawnCli, temporaryHome } from "../support/mod.ts";
import { libreseed, PAYLOAD_BYTES, seededPackage, sha256Of } from "./seeded_package.ts";

const [seederAddress, transmissionAddress] = Deno.args as [string, string];

// Unbound, the daemon would answer UDP packets from the address of their sender, because both are
// this machine's.
const flags = ["--bind", seederAddress];
await using seeded = await seededPackage({ host: seederAddress, flags });

// The tracker's answer (BEP 3, BEP 23) names the libreseed seeder as the only peer.
const peer = new Uint8Array([
  ...seederAddress.split(".").map(Number),
  seeded.port >> 8,
  seeded.port & 255,
]);
await using tracker = Deno.serve(
  { hostname: seederAddress, port: 0, onListen: () => {} },
  () => new Response(concatBytes(utf8("d8:intervali60e5:peers6:"), peer, utf8("e"))),
);
const announce = `http://${seederAddress}:${tracker.addr.port}/announce`;

/**
 * Downloads with Transmission, with one of its flags for encryption.
 *
 * @param utp whether Transmission uses uTP, too, as it does by default
 */
async function download(encryption: string, utp: boolean): Promise<void> {
  await using dir = await temporaryHome();
  const config = join(dir.path, "config");
  const downloads = join(dir.path, "downloads");
  await Deno.mkdir(config);
  await Deno.mkdir(downloads);
  await Deno.writeTextFile(
    join(config, "settings.json"),
    JSON.stringify({ "bind-address-ipv4": transmissionAddress, "utp-enabled": utp }),
  );
  const finished = join(dir.path, "finished");
  await Deno.writeTextFile(finished, "#!/bin/sh\necho finished\n", { mode: 0o755 });
  await using transmission = spawnCli([
    "--config-dir",
    config,
    "--download-dir",
    downloads,
    "--port",
    String(await freePort()),
    "--no-portmap",
    encryption,
    "--finish",
    finished,
    `${seeded.magnet}&tr=${encodeURIComponent(announce)}`,
  ], { program: ["transmission-cli"], home: dir.path, timeoutMs: 600_000 });
  await transmission.waitForLine(/finished$/, "stdout");
  transmission.kill();
  const { stdout, stderr } = await transmission.result;
  const archive = join(downloads, basename(seeded.archivePath));
  assert.equal(await sha256Of(archive), seeded.sha256, stdout + stderr);
}

await Promise.all([
  download("--encryption-required", false),
  download("--encryption-tolerated", false),
  download("--encryption-preferred", true),
]);
const { utp } = JSON.parse(await libreseed(["status", "--json"], seeded.home));
assert.ok(utp.accepted >= 1 && utp.bytesOut > PAYLOAD_BYTES, JSON.stringify(utp));
console.log("downloaded");
