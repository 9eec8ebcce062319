/** Torture cases of high load: many packages in one daemon, many commands per second. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { equalBytes, systemClock, toHex } from "../../src/base/mod.ts";
import { connectControl } from "../../src/control/client.ts";
import { generateKeyPair } from "../../src/identity/mod.ts";
import { packDirectory, torrentFileName, torrentInfoHash } from "../../src/package/mod.ts";
import { eventually, type Home, newPlace } from "../../tests/support/place.ts";
import { TestEngine } from "../../tests/support/engines.ts";
import { type Case, most, peakBytes, type Report } from "./case.ts";

const BATCH = 100;
const PACKERS = 4;
const LONG_MS = 1_800_000;

const manyPackages: Case = {
  name: "packages seeded by one daemon",
  async run(scale) {
    const report: Report = { tried: 100 * scale, survived: 0, lost: 0, note: "packages; restart" };
    await using place = await newPlace();
    const home = await place.home();
    const published = new Set<string>();
    const startMs = performance.now();
    {
      await using daemon = await home.daemon([], { timeoutMs: LONG_MS });
      for (let first = 0; first < report.tried; first += BATCH) {
        const sources = Array.from(
          { length: Math.min(BATCH, report.tried - first) },
          (_, i) => place.source(`p${first + i}`, "1.0.0", `${first + i}\n`),
        );
        const lines = await home.must(["publish", ...await Promise.all(sources)], {
          timeoutMs: LONG_MS,
        });
        for (const line of lines.trimEnd().split("\n")) published.add(line.split("\t")[0]!);
      }
      report.worstBytes = await peakBytes(daemon);
      await daemon.end();
    }
    const publishSeconds = Math.round((performance.now() - startMs) / 1_000);
    const againMs = performance.now();
    await using daemon = await home.daemon([], { timeoutMs: LONG_MS });
    const listed = await eventually(async () => {
      const lines = (await home.must(["list", "--json"])).trimEnd().split("\n");
      const seeding = lines.map((line) => JSON.parse(line) as { name: string; seeding: boolean })
        .filter((one) => one.seeding);
      return seeding.length >= published.size ? seeding : undefined;
    });
    report.worstRecoveryMs = performance.now() - againMs;
    report.worstBytes = most(report.worstBytes, await peakBytes(daemon));
    report.survived = listed.length;
    report.lost = published.size - listed.length;
    report.note =
      `packages, published in ${publishSeconds} s; until all are seeded after a restart`;
    await daemon.end();
    return report;
  },
};

/**
 * Torture case: archives of another publisher are copied into the seed directory while the daemon
 * runs.
 */
const droppedPackages: Case = {
  name: "packages dropped into the seed directory",
  async run(scale) {
    const report: Report = { tried: 1_000 * scale, survived: 0, lost: 0, note: "" };
    await using place = await newPlace();
    const home = await place.home();
    const keys = generateKeyPair();
    const startMs = performance.now();
    let droppedMs: number;
    let seededMs: number;
    {
      await using daemon = await home.daemon([], { timeoutMs: LONG_MS });
      let next = 0;
      const lane = async () => {
        const dir = await place.source("any", "1.0.0");
        for (let i = next++; i < report.tried; i = next++) {
          await Deno.writeTextFile(join(dir, "read me.txt"), `${i}\n`);
          const timestampMs = Date.now();
          const name = `dropped-${i}`;
          await packDirectory({ dir, name, outDir: home.seed, signer: keys, timestampMs });
        }
      };
      await Promise.all(Array.from({ length: PACKERS }, lane));
      droppedMs = performance.now() - startMs;
      await allSeeded(home, report.tried);
      seededMs = performance.now() - startMs;
      report.worstBytes = await peakBytes(daemon);
      await daemon.end();
    }
    const againMs = performance.now();
    await using daemon = await home.daemon([], { timeoutMs: LONG_MS });
    await allSeeded(home, report.tried);
    report.worstRecoveryMs = performance.now() - againMs;
    // The torrents have been dormant until now. The test downloads the first, the last and some in
    // between.
    await using getter = await TestEngine.start();
    const asked = Array.from({ length: 10 }, (_, i) => Math.floor(i * (report.tried - 1) / 9));
    for (const i of asked) {
      const archivePath = join(home.seed, `dropped-${i}-1.0.0.tgz`);
      const torrent = await Deno.readFile(torrentFileName(archivePath));
      const got = await getter.download({ infoHashHex: toHex(torrentInfoHash(torrent)!) }, [], {
        peers: [{ host: "127.0.0.1", port: daemon.port }],
        filePath: getter.path(String(i)),
      });
      if (!equalBytes(got, await Deno.readFile(archivePath))) report.lost++;
    }
    report.worstBytes = most(report.worstBytes, await peakBytes(daemon));
    report.survived = report.tried;
    const seconds = (ms: number) => Math.round(ms / 1_000);
    report.note = `packages, packed and dropped in ${seconds(droppedMs)} s, all seeded after ` +
      `${seconds(seededMs)} s; until all are seeded after a restart; ${asked.length} fetched`;
    await daemon.end();
    return report;
  },
};

/** Waits until the daemon of a home seeds the given number of packages. */
async function allSeeded(home: Home, count: number): Promise<void> {
  const connected = await connectControl(home.path, { clock: systemClock });
  assert.ok(connected);
  const { operations } = connected.client;
  while ((await operations.status()).packages < count) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  connected.client.close();
}

const manyCommands: Case = {
  name: "100 commands a second on the control socket",
  async run(scale) {
    const seconds = 10 * scale;
    const report: Report = { tried: 0, survived: 0, lost: 0, note: "" };
    await using place = await newPlace();
    const home = await place.home();
    for (let i = 0; i < 5; i++) await home.must(["publish", await place.source(`p${i}`, "1.0.0")]);
    await using daemon = await home.daemon([], { timeoutMs: LONG_MS });
    const connected = await connectControl(home.path, { clock: systemClock });
    assert.ok(connected);
    const { operations } = connected.client;
    const key = { publicKey: home.keys.publicKey, salt: new Uint8Array() };
    const commands = [
      () => operations.status(),
      () => operations.list(),
      () => operations.records(),
      () => operations.lookUp(key),
    ];
    const underWay = new Set<Promise<void>>();
    const startMs = performance.now();
    let worstMs = 0;
    while (performance.now() - startMs < seconds * 1_000) {
      // Starts as many commands as are due by the clock, so that slow answers do not lower the
      // rate.
      const due = Math.ceil((performance.now() - startMs) / 10);
      while (report.tried < due) {
        const askedMs = performance.now();
        const command: Promise<void> = commands[report.tried++ % commands.length]!().then(
          () => {
            report.survived++;
            worstMs = Math.max(worstMs, performance.now() - askedMs);
          },
          (error) => console.error(String(error)),
        ).finally(() => underWay.delete(command));
        underWay.add(command);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Promise.all(underWay);
    connected.client.close();
    const { packages } = JSON.parse(await home.must(["status", "--json"])) as { packages: number };
    report.lost = 5 - packages;
    report.worstBytes = await peakBytes(daemon);
    report.note = `commands in ${seconds} s; slowest answer ${Math.round(worstMs)} ms`;
    await daemon.end();
    return report;
  },
};

export const loads: readonly Case[] = [manyPackages, droppedPackages, manyCommands];
