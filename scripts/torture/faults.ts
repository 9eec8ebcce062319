/**
 * Torture cases of machine failures: killed processes, damaged state, a port in use, a full disk.
 */

import assert from "node:assert/strict";
import dgram from "node:dgram";
import { join } from "node:path";
import { eventually, type Home, newPlace, type Place } from "../../tests/support/place.ts";
import { canMount, freePort, smallDisk } from "../../tests/support/mod.ts";
import { type Case, most, peakBytes, type Report } from "./case.ts";

interface Status {
  packages: number;
  dht: { state: string };
}

async function statusOf(home: Home): Promise<Status> {
  return JSON.parse(await home.must(["status", "--json"])) as Status;
}

async function publish(place: Place, home: Home, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await home.must(["publish", await place.source(`p${i}`, "1.0.0")]);
  }
}

const kills: Case = {
  name: "kill -9 at random moments",
  async run(scale) {
    const rounds = 5 * scale;
    const test = new Deno.Command(Deno.execPath(), {
      args: [
        ...["test", "-A", "--no-check", "--quiet"],
        "tests/fault/kill_long_test.ts",
      ],
      cwd: join(import.meta.dirname!, "..", ".."),
      env: { LIBRESEED_KILL_ROUNDS: String(rounds), NO_COLOR: "1" },
    });
    const { success, stdout, stderr } = await test.output();
    const report: Report = { tried: rounds, survived: rounds, lost: 0, note: "rounds" };
    if (success) return report;
    const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    console.error(output);
    // The test prints the seed only if a round failed. A test that fails only because of leftover
    // files prints no seed.
    if (output.includes("LIBRESEED_KILL_SEED=")) return { ...report, survived: 0, lost: 1 };
    if (!/\d+ passed/.test(output)) return { ...report, survived: 0, problem: "it did not run" };
    return { ...report, problem: "temporary files were left behind" };
  },
};

const damagedState: Case = {
  name: "state.db overwritten with noise",
  async run(scale) {
    const report: Report = { tried: 2 * scale, survived: 0, lost: 0, note: "starts; 3 packages" };
    await using place = await newPlace();
    const home = await place.home();
    await publish(place, home, 3);
    for (let i = 0; i < report.tried; i++) {
      for (const name of ["state.db-wal", "state.db-shm"]) {
        await Deno.remove(join(home.path, name)).catch(() => {});
      }
      await Deno.writeFile(
        join(home.path, "state.db"),
        crypto.getRandomValues(new Uint8Array(9_000)),
      );
      const startMs = performance.now();
      await using daemon = await home.daemon();
      const { packages } = await eventually(async () => {
        const status = await statusOf(home);
        return status.packages === 3 ? status : undefined;
      });
      report.worstRecoveryMs = most(report.worstRecoveryMs, performance.now() - startMs);
      report.worstBytes = most(report.worstBytes, await peakBytes(daemon));
      report.survived++;
      report.lost += 3 - packages;
      await daemon.end();
    }
    return report;
  },
};

const portTaken: Case = {
  name: "UDP port taken by another program",
  async run(scale) {
    const report: Report = {
      tried: 2 * scale,
      survived: 0,
      lost: 0,
      note: "times; until the DHT is back",
    };
    await using place = await newPlace();
    const home = await place.home();
    await publish(place, home, 1);
    for (let i = 0; i < report.tried; i++) {
      const port = await freePort();
      const squatter = dgram.createSocket("udp4");
      await new Promise<void>((resolve) => squatter.bind(port, "0.0.0.0", resolve));
      await using daemon = await home.daemon(["--port", String(port)]);
      const { dht } = await statusOf(home);
      assert.equal(dht.state, "off");
      // The daemon reports that it is ready before it has read the seed directory, so the test
      // waits for the package.
      await eventually(async () => (await statusOf(home)).packages === 1);
      await new Promise<void>((resolve) => squatter.close(() => resolve()));
      const freeMs = performance.now();
      await eventually(async () => (await statusOf(home)).dht.state === "on");
      report.worstRecoveryMs = most(report.worstRecoveryMs, performance.now() - freeMs);
      report.worstBytes = most(report.worstBytes, await peakBytes(daemon));
      report.survived++;
      await daemon.end();
    }
    return report;
  },
};

const fullDisk: Case = {
  name: "seed directory on a full disk",
  async run(scale) {
    const report: Report = { tried: 0, survived: 0, lost: 0, note: "times; until published again" };
    if (!canMount) return { ...report, note: "not tried: no right to mount here" };
    await using place = await newPlace();
    const home = await place.home();
    await using disk = await smallDisk(1 << 20);
    const seed = ["--dir", disk.path];
    const filler = join(disk.path, "filler.bin");
    await home.must(["publish", ...seed, await place.source("before", "1.0.0")]);
    await using daemon = await home.daemon(seed);
    for (report.tried = 0; report.tried < 2 * scale;) {
      const number = report.tried++;
      const source = await place.source(`after${number}`, "1.0.0");
      await fill(filler);
      const refused = await home.run(["publish", ...seed, source]);
      assert.equal(refused.code, 1, refused.stderr);
      assert.match(refused.stderr, /space/);
      await Deno.remove(filler);
      const freeMs = performance.now();
      await home.must(["publish", ...seed, source]);
      report.worstRecoveryMs = most(report.worstRecoveryMs, performance.now() - freeMs);
      report.survived++;
      const { packages } = await statusOf(home);
      report.lost += number + 2 - packages;
    }
    report.worstBytes = await peakBytes(daemon);
    await daemon.end();
    return report;
  },
};

/** Writes a file until the disk is full. */
async function fill(path: string): Promise<void> {
  using file = await Deno.create(path);
  for (const bytes of [65_536, 4_096, 1]) {
    try {
      for (;;) await file.write(new Uint8Array(bytes));
    } catch {
      // No further block of this size fits on the disk. The loop continues with smaller blocks.
    }
  }
}

export const faults: readonly Case[] = [kills, damagedState, portTaken, fullDisk];
