import assert from "node:assert/strict";
import { join } from "node:path";
import { freePort, runCli, temporaryHome } from "../support/mod.ts";
import { interopTest } from "../support/interop_test_case.ts";
import { type SeededPackage, seededPackage, sha256Of } from "./seeded_package.ts";

/** Downloads with aria2, which finds peers only through the DHT. */
async function download(
  source: string,
  { testnet, archivePath, sha256 }: SeededPackage,
  flags: readonly string[] = [],
) {
  await using dir = await temporaryHome();
  const { code, stdout, stderr } = await runCli([
    "--no-conf",
    `--dir=${dir.path}`,
    "--enable-dht=true",
    "--enable-dht6=false",
    `--dht-entry-point=${testnet.bootstrap}`,
    `--dht-listen-port=${await freePort()}`,
    `--dht-file-path=${join(dir.path, "dht.dat")}`,
    `--listen-port=${await freePort()}`,
    "--disable-ipv6=true",
    "--bt-enable-lpd=false",
    "--enable-peer-exchange=false",
    "--seed-time=0",
    "--file-allocation=none",
    "--summary-interval=0",
    ...flags,
    source,
  ], { program: ["aria2c"], home: dir.path, timeoutMs: 600_000 });
  assert.equal(code, 0, stdout + stderr);
  assert.equal(await sha256Of(join(dir.path, archivePath.split("/").at(-1)!)), sha256);
}

/** Flags with which aria2 makes encrypted connections only. */
const encrypted = ["--bt-require-crypto=true", "--bt-min-crypto-level=arc4"];

await interopTest(
  "aria2 finds our seeder in the DHT and downloads from it, by torrent file, by magnet link, and encrypted",
  ["aria2c"],
  async () => {
    await using seeded = await seededPackage();
    // The downloads run in parallel, because aria2 connects to peers from the DHT only every ten
    // seconds.
    await Promise.all([
      download(seeded.torrentPath, seeded),
      download(seeded.magnet, seeded),
      download(seeded.torrentPath, seeded, encrypted),
    ]);
  },
);
