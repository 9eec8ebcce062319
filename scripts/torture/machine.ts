/**
 * Further torture cases of machine failures: a suspended process, a disk with read errors, a
 * read-only disk, an archive that changes while it is seeded.
 */

import assert from "node:assert/strict";
import { eventually, type Home, newPlace } from "../../tests/support/place.ts";
import { dieAndComeBack } from "../../tests/support/engine_death.ts";
import { type Death, deaths } from "../../tests/support/dying_engine.ts";
import { canMount, smallDisk } from "../../tests/support/mod.ts";
import { type Case, most, peakBytes, type Report } from "./case.ts";
import { published } from "./hostile.ts";

const BYTES = 4 << 20;

const packagesOf = async (home: Home) =>
  (JSON.parse(await home.must(["status", "--json"])) as { packages: number }).packages;

const stopped: Case = {
  name: "daemon stopped for a while (SIGSTOP)",
  async run(scale) {
    const seconds = 10 * scale;
    const report: Report = { tried: 1, survived: 0, lost: 0, note: "" };
    await using place = await newPlace();
    const home = await place.home();
    const one = await published(place, home, "pkg", BYTES);
    await using daemon = await home.daemon([], { timeoutMs: 3_600_000 });
    daemon.process.kill("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    daemon.process.kill("SIGCONT");
    const startMs = performance.now();
    await eventually(async () =>
      (await (await place.home(null)).run(["get", "-q", one.magnet])).code === 0
    );
    report.worstRecoveryMs = performance.now() - startMs;
    report.lost = 1 - await packagesOf(home);
    report.survived = 1;
    report.worstBytes = await peakBytes(daemon);
    report.note = `time, of ${seconds} s; until somebody has the package afterwards`;
    await daemon.end();
    return report;
  },
};

const deadEngine: Case = {
  name: "the engine's thread dies",
  async run(scale) {
    const report: Report = { tried: 0, survived: 0, lost: 0, note: "" };
    await using place = await newPlace();
    const ways = Object.keys(deaths) as Death[];
    report.worstRecoveryMs = 0;
    for (; report.tried < scale * ways.length; report.tried++) {
      const tookMs = await dieAndComeBack(place, ways[report.tried % ways.length]!);
      report.worstRecoveryMs = Math.max(report.worstRecoveryMs, tookMs);
      report.survived++;
    }
    report.note = `times, in ${ways.length} ways; from the start to its package being seeded again`;
    return report;
  },
};

const badReads: Case = {
  name: "reading a seeded archive fails (EIO)",
  async run(scale) {
    const report: Report = { tried: 0, survived: 0, lost: 0, note: "" };
    if (!await hasStrace()) return { ...report, note: "not tried: no strace here" };
    await using place = await newPlace();
    const home = await place.home();
    const one = await published(place, home, "pkg", BYTES);
    await using daemon = await home.daemon();
    for (; report.tried < scale; report.tried++) {
      const strace = new Deno.Command("strace", {
        args: [
          ...["-f", "-qq", "-o", "/dev/null", "-p", String(daemon.process.pid)],
          ...["-P", one.archivePath, "-e", "trace=pread64,read"],
          ...["-e", "inject=pread64,read:error=EIO"],
        ],
        stderr: "null",
      }).spawn();
      await eventually(() => isTraced(daemon.process.pid));
      const during = await (await place.home(null)).run([
        ...["get", "-q", one.magnet, "--timeout", "5s"],
      ]);
      assert.equal(during.code, 5, `got it, or something else: ${during.code} ${during.stderr}`);
      strace.kill("SIGINT");
      await strace.status;
      const startMs = performance.now();
      await eventually(async () =>
        (await (await place.home(null)).run(["get", "-q", one.magnet])).code === 0
      );
      report.worstRecoveryMs = most(report.worstRecoveryMs, performance.now() - startMs);
      report.survived++;
    }
    report.lost = 1 - await packagesOf(home);
    report.worstBytes = await peakBytes(daemon);
    report.note = "times; from the disk being well to somebody having the package";
    await daemon.end();
    return report;
  },
};

/** Whether strace is attached to every thread of a process. */
async function isTraced(pid: number): Promise<boolean> {
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const status = await Deno.readTextFile(`/proc/${pid}/task/${name}/status`);
    if (/^TracerPid:\t0$/m.test(status)) return false;
  }
  return true;
}

async function hasStrace(): Promise<boolean> {
  try {
    return (await new Deno.Command("strace", { args: ["-V"], stdout: "null" }).output()).success;
  } catch {
    return false;
  }
}

const altered: Case = {
  name: "archive altered on the disk while it is seeded",
  async run(scale) {
    const report: Report = { tried: 0, survived: 0, lost: 0, note: "" };
    await using place = await newPlace();
    const home = await place.home();
    const one = await published(place, home, "pkg", BYTES);
    await using daemon = await home.daemon(["--watch", "off"]);
    for (; report.tried < scale; report.tried++) {
      const whole = await Deno.readFile(one.archivePath);
      {
        // The archive is overwritten in place, so that its inode stays the same.
        using file = await Deno.open(one.archivePath, { write: true });
        await file.seek(BYTES / 2, Deno.SeekMode.Start);
        await file.write(new Uint8Array(65_536));
      }
      const other = await place.home(null);
      const during = await other.run(["get", "-q", one.magnet, "--timeout", "5s"]);
      assert.notEqual(during.code, 0, "took what was not signed");
      assert.deepEqual(other.files().filter((name) => name.endsWith(".tgz")), []);
      {
        using file = await Deno.open(one.archivePath, { write: true });
        for (let at = 0; at < whole.length;) at += await file.write(whole.subarray(at));
      }
      const startMs = performance.now();
      await eventually(async () => (await other.run(["get", "-q", one.magnet])).code === 0);
      report.worstRecoveryMs = most(report.worstRecoveryMs, performance.now() - startMs);
      report.survived++;
    }
    report.lost = 1 - await packagesOf(home);
    report.worstBytes = await peakBytes(daemon);
    report.note = "times, 64 KiB of 4 MiB; from it being whole again to somebody having it";
    await daemon.end();
    return report;
  },
};

const readOnly: Case = {
  name: "seed directory on a disk that becomes read-only",
  async run(scale) {
    const report: Report = { tried: 0, survived: 0, lost: 0, note: "" };
    if (!canMount) return { ...report, note: "not tried: no right to mount here" };
    await using place = await newPlace();
    const home = await place.home();
    for (; report.tried < scale; report.tried++) {
      await using disk = await smallDisk(16 << 20);
      const seed = ["--dir", disk.path];
      await home.must(["publish", "-q", ...seed, await place.source(`a${report.tried}`, "1.0.0")]);
      await using daemon = await home.daemon(seed);
      await disk.makeReadOnly();
      const late = await place.source("late", "1.0.0");
      const refused = await home.run(["publish", ...seed, late]);
      assert.equal(refused.code, 1, refused.stderr);
      assert.match(refused.stderr, /read-only/);
      await (await place.home(null)).must([
        ...["get", "-q", `${home.publicKey}/a${report.tried}`],
      ]);
      report.lost += 1 - await packagesOf(home);
      report.worstBytes = most(report.worstBytes, await peakBytes(daemon));
      report.survived++;
      await daemon.end();
    }
    report.note = "times: publishing is refused and says why, what is there is served";
    return report;
  },
};

export const machine: readonly Case[] = [stopped, deadEngine, badReads, altered, readOnly];
