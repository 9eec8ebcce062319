/**
 * A scenario in which the engine's thread dies: the daemon reports the death and ends, a command
 * that waits for the daemon continues without it, and a new daemon seeds all packages again.
 *
 * @module
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually, type Place } from "./place.ts";
import { fromSources } from "./cli.ts";
import { type Death, silent } from "./dying_engine.ts";

/** V8 heap limit in MiB, beyond which V8 ends the process. */
const HEAP_MIB = 200;
/**
 * Length in bytes of an archive whose download takes a minute at the rate limit {@linkcode SLOW}.
 */
const BYTES = 4 << 20;
const SLOW = "64KiB";

const program = fromSources.toSpliced(
  -1,
  0,
  `--v8-flags=--max-old-space-size=${HEAP_MIB}`,
  `--preload=${fileURLToPath(new URL("./dying_engine.ts", import.meta.url))}`,
);

/**
 * Returns the expected exit code and message of a daemon whose engine's thread died in this way.
 */
function expected(death: Death): { code: number; says: RegExp } {
  if (death === "runs out of memory") {
    // V8 ends the whole process with SIGTRAP, which the program cannot catch.
    return { code: 133, says: /out of memory/ };
  }
  return {
    code: 1,
    says: silent.includes(death)
      ? / error The engine's thread has not answered for 120 s; start/m
      : / error The engine's thread died \(Uncaught .*\); start/m,
  };
}

/**
 * Kills the engine's thread of a daemon while a command is downloading through the daemon.
 *
 * @returns time in milliseconds until a new daemon seeded all its packages
 */
export async function dieAndComeBack(place: Place, death: Death): Promise<number> {
  const [home, other] = [await place.home(), await place.home()];
  await home.must(["publish", "-q", await place.source("a", "1.0.0")]);
  const big = await place.source("big", "1.0.0");
  await Deno.writeFile(join(big, "noise"), randomBytes(BYTES));
  await other.must(["publish", "-q", big]);
  await other.configure(`upload-limit: ${SLOW}\n`);
  await using slow = await other.daemon();
  {
    await using daemon = await home.daemon([], {
      program,
      env: { DEATH_OF_THE_ENGINE: death, TMPDIR: place.path },
    });
    await using getting = home.spawn(["get", `${other.publicKey}/big@1.0.0`]);
    await eventually(() => home.files().some((name) => name.startsWith(".partial-")));
    daemon.process.kill("SIGUSR2");
    const { code, stderr } = await daemon.process.result;
    await other.configure("upload-limit: 0\n");
    await other.must(["reload"]);
    const wanted = expected(death);
    assert.equal(code, wanted.code, stderr);
    assert.match(stderr, wanted.says);
    const got = await getting.result;
    assert.equal(got.code, 0, got.stderr);
    assert.match(got.stderr, /has ended; going on without it/);
  }
  const startedMs = performance.now();
  await using again = await home.daemon();
  await eventually(async () => /^a@1\.0\.0 .* seeding /m.test(await home.must(["list"])));
  const tookMs = performance.now() - startedMs;
  assert.ok(!/ warn /.test(again.process.stderr), again.process.stderr);
  await again.end();
  await slow.end();
  return tookMs;
}
