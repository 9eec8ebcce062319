/**
 * Prints for each room (top folder of `src`) how many lines the test suite executes, and fails if a
 * room is below 85 %. `deno task coverage [TESTS…]` runs the suite, or the given tests, with V8's
 * coverage enabled.
 *
 * The engine's thread runs a bundle, whose lines are not attributed to source files. The engine's
 * lines are covered only by tests that start an engine in their own process.
 *
 * Without arguments, the unit, integration and command-line tests run. The tests in `tests/fault` do
 * not: the hostile peers of one of them did not get through their work while V8 recorded coverage.
 *
 * @module
 */

import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { rooms } from "../tests/support/rooms.ts";

/** Minimum share of a room's lines that tests must execute, in percent. */
export const LEAST_PERCENT = 85;

/**
 * Numbers of lines in one room of `src`: `found` counts all lines, `hit` counts the lines that
 * tests executed.
 */
export interface RoomLines {
  room: string;
  found: number;
  hit: number;
}

/**
 * Adds up the line counts of each room.
 *
 * @param root directory of the checkout, absolute
 */
export function linesByRoom(lcov: string, root: string): RoomLines[] {
  const lines = new Map<string, RoomLines>();
  let current: RoomLines | undefined;
  for (const line of lcov.split("\n")) {
    const [key, value = ""] = line.split(/:(.*)/);
    if (key === "SF") {
      const path = posix.relative(root, value);
      const room = path.startsWith("src/") ? posix.dirname(path).slice("src/".length) : undefined;
      current = undefined;
      if (room === undefined || room.includes("shims")) continue;
      current = lines.get(room) ?? { room, found: 0, hit: 0 };
      lines.set(room, current);
    } else if (current !== undefined && key === "LF") current.found += Number(value);
    else if (current !== undefined && key === "LH") current.hit += Number(value);
  }
  return [...lines.values()].sort((a, b) => a.room < b.room ? -1 : 1);
}

function topOf(room: string): string {
  return room.split("/")[0]!;
}

/**
 * Formats the table, and returns the rooms below {@linkcode LEAST_PERCENT}.
 *
 * @param expected top rooms; a room of which no line was executed counts as below the minimum too
 */
export function report(
  rooms: readonly RoomLines[],
  expected: readonly string[] = [],
): { text: string; low: string[] } {
  const low = expected.filter((room) => !rooms.some((one) => topOf(one.room) === room));
  const lines = rooms.map(({ room, found, hit }) => {
    const percent = found === 0 ? 100 : 100 * hit / found;
    if (percent < LEAST_PERCENT) low.push(room);
    return `${room.padEnd(24)}${String(hit).padStart(7)} of ${String(found).padStart(6)}` +
      `${percent.toFixed(1).padStart(8)} %`;
  });
  return { text: lines.join("\n"), low };
}

/** Runs Deno, with its output to that of this process. */
async function deno(args: readonly string[], env: Record<string, string> = {}) {
  const command = new Deno.Command(Deno.execPath(), { args: [...args], env, stdin: "null" });
  return await command.spawn().status;
}

if (import.meta.main) {
  const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
  const tests = Deno.args.length > 0
    ? Deno.args
    : ["unit", "integration", "cli"].map((name) => join(root, "tests", name));
  const profile = await Deno.makeTempDir();
  try {
    const tested = await deno(
      [
        "test",
        "-q",
        "--no-check",
        "--parallel",
        "-A",
        `--coverage=${profile}`,
        "--coverage-raw-data-only",
        ...tests,
      ],
      // Programs that tests start write their coverage to the same directory.
      { DENO_COVERAGE_DIR: profile, DENO_JOBS: "4" },
    );
    const output = join(profile, "lcov");
    const include = `--include=^file://${root}/src/`;
    const { success } = await deno([
      "coverage",
      "-q",
      "--lcov",
      include,
      `--output=${output}`,
      profile,
    ]);
    if (!success) Deno.exit(1);
    const { text, low } = report(
      linesByRoom(await Deno.readTextFile(output), root),
      Object.keys(rooms),
    );
    console.log(text);
    if (low.length > 0) console.error(`Under ${LEAST_PERCENT} %: ${low.join(", ")}`);
    if (low.length > 0 || !tested.success) Deno.exitCode = 1;
  } finally {
    await Deno.remove(profile, { recursive: true });
  }
}
