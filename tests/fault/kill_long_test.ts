/**
 * Tests SIGKILL at random moments: every reported success is permanent, and no change is left
 * half-done. `LIBRESEED_KILL_ROUNDS` sets the number of kills; `LIBRESEED_KILL_SEED` repeats a run.
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { systemClock } from "../../src/base/mod.ts";
import { generateKeyPair } from "../../src/identity/mod.ts";
import { archiveFileName, packDirectory } from "../../src/package/mod.ts";
import { eventually, type Home, newPlace, type Place } from "../support/place.ts";
import type { CliProcess } from "../support/mod.ts";
import { Ledger } from "./ledger.ts";

const rounds = Number(Deno.env.get("LIBRESEED_KILL_ROUNDS") ?? 10);
const seed = Number(Deno.env.get("LIBRESEED_KILL_SEED") ?? Math.floor(Math.random() * 2 ** 32));

/**
 * Minimum and maximum delay between a command's start and its kill. The range reaches from before
 * the command's first action to after its end.
 */
const SOONEST_MS = 100;
const LATEST_MS = 900;

/** Makes a pseudo-random generator of numbers from 0 to 1 with the given seed (mulberry32). */
function randomFrom(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A command that may be killed, and a function that reads the command's output. */
interface Attempt {
  args: string[];
  label?: string;
  /** Notes in the ledger each success that the command reported. */
  note(ledger: Ledger, ended: { code: number; stdout: string; stderr: string }): void;
}

/** Makes commands of every kind that changes the home. Each command has a package of its own. */
class Attempts {
  readonly #place: Place;
  readonly #home: Home;
  readonly #stranger = generateKeyPair();
  #count = 0;

  constructor(place: Place, home: Home) {
    this.#place = place;
    this.#home = home;
  }

  async publish(): Promise<Attempt> {
    const name = `p${++this.#count}`;
    const label = `${name}@1.0.0`;
    const source = await this.#source(name);
    return {
      args: ["publish", source],
      label,
      note(ledger, { stdout }) {
        if (stdout.startsWith(`${label}\tmagnet:`)) ledger.added(label, true);
        else ledger.uncertain(label);
      },
    };
  }

  async add(): Promise<Attempt> {
    const name = `a${++this.#count}`;
    const label = `${name}@1.0.0`;
    const { archivePath } = await packDirectory({
      dir: await this.#source(name),
      outDir: this.#place.path,
      signer: this.#stranger,
      timestampMs: systemClock.now(),
    });
    return {
      args: ["add", archivePath],
      label,
      note: (ledger, { stdout }) =>
        stdout.includes(archiveFileName(name, "1.0.0"))
          ? ledger.added(label, false)
          : ledger.uncertain(label),
    };
  }

  remove(label: string): Attempt {
    return {
      args: ["remove", label],
      label,
      note: (ledger, { code, stderr }) =>
        code === 0 || stderr.includes(`removed ${label}`)
          ? ledger.removed(label)
          : ledger.uncertain(label),
    };
  }

  announce(): Attempt {
    return { args: ["announce"], note: () => {} };
  }

  /** Makes a package that takes a while to copy and hash. */
  async #source(name: string): Promise<string> {
    const path = await this.#place.source(name, "1.0.0");
    await Deno.writeFile(join(path, "noise"), randomBytes(2 << 20));
    return path;
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function ended(process: CliProcess) {
  const { code, stdout, stderr } = await process.result;
  // The last line is cut off, because a killed process may have written only half of it.
  const whole = (text: string) => text.slice(0, text.lastIndexOf("\n") + 1);
  return { code, stdout: whole(stdout), stderr: whole(stderr) };
}

Deno.test(`${rounds} kills at random moments lose nothing that was reported done`, async () => {
  const random = randomFrom(seed);
  await using place = await newPlace();
  const home = await place.home();
  const ledger = new Ledger(home);
  const attempts = new Attempts(place, home);
  const kinds = ["publish", "add", "publish", "remove", "announce"] as const;
  try {
    for (let round = 0; round < rounds; round++) {
      const kind = kinds[round % kinds.length]!;
      const some = ledger.present[Math.floor(random() * ledger.present.length)];
      const attempt = kind === "remove"
        ? some === undefined ? await attempts.publish() : attempts.remove(some)
        : await attempts[kind]();
      const killAfterMs = SOONEST_MS + random() * (LATEST_MS - SOONEST_MS);
      // In half of the rounds the daemon is killed too, and the command continues without a daemon.
      await using daemon = random() < 0.5 ? await home.daemon() : undefined;
      await using process = home.spawn(attempt.args);
      if (attempt.label) ledger.uncertain(attempt.label);
      await pause(killAfterMs);
      (daemon?.process ?? process).kill("SIGKILL");
      const outcome = await ended(process);
      attempt.note(ledger, outcome);
      if (daemon) {
        await daemon.process.result;
        assert.equal(outcome.code, 0, `${attempt.args}: ${outcome.stderr}`);
      }
      await ledger.check();
      // After any outcome, the same command succeeds when the test repeats it.
      const again = await home.run(attempt.args);
      const isDone = again.code === 0 || (attempt.args[0] === "remove" && again.code === 3);
      assert(isDone, `${attempt.args} again: ${again.code} ${again.stderr}`);
      attempt.note(ledger, attempt.args[0] === "remove" ? { ...again, code: 0 } : again);
      await ledger.check();
    }
    await using daemon = await home.daemon();
    await eventually(async () => {
      const { packages } = JSON.parse(await home.must(["status", "--json"]));
      return packages === ledger.present.length;
    });
    assert(!/ warn /.test(daemon.process.stderr), daemon.process.stderr);
    await daemon.end();
  } catch (error) {
    console.error(`LIBRESEED_KILL_ROUNDS=${rounds} LIBRESEED_KILL_SEED=${seed}`);
    throw error;
  }
});
