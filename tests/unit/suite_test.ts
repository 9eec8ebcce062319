/**
 * Checks the division of the suite: `deno task test` runs the short tests, `deno task test:long` the
 * long ones, and `.ci/run` both; and the length of its files.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { groupTests } from "../../scripts/test_groups.ts";
import { temporaryHome } from "../support/mod.ts";

const root = join(import.meta.dirname!, "..", "..");
const LONG = "_long_test.ts";
/** Maximum number of lines of a file, as in `layout_test.ts`. */
const MAX_LINES = 400;

/** Lists the paths of all test files, relative to the repository's root. */
async function testFiles(directory = "tests"): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(root, directory))) {
    const path = `${directory}/${name}`;
    if (isDirectory) found.push(...await testFiles(path));
    else if (name.endsWith("_test.ts")) found.push(path);
  }
  return found.sort();
}

/** Lists the test files of `directory` that a task of deno.json runs; each has a test of its path. */
async function filesOfTask(task: string, directory: string): Promise<string[]> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "--config", join(directory, "deno.json"), task],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.match(text, /^ok \| /m, text);
  return [...text.matchAll(/ => (tests\/\S+) runs \.\.\. ok/g)].map(([, path]) => path!).sort();
}

Deno.test("each test file is run by one of the two tasks, the long ones by test:long", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const [short, long] = [
    [
      "tests/a_test.ts",
      "tests/cli/long_test.ts",
      "tests/unit/b/c/d_test.ts",
      "tests/unit/b/c_test.ts",
      "tests/unit/b/e_test.ts",
      "tests/unit/f_test.ts",
    ],
    [
      "tests/browser/i_test.ts",
      "tests/cli/network/e_long_test.ts",
      "tests/cli/network/f_test.ts",
      "tests/d_long_test.ts",
      "tests/interop/g_test.ts",
      "tests/lab/h_test.ts",
      "tests/unit/b/c_long_test.ts",
    ],
  ];
  await using copy = await temporaryHome();
  const config = { tasks: { short: tasks.test.command, long: tasks["test:long"].command } };
  await Deno.writeTextFile(join(copy.path, "deno.json"), JSON.stringify(config));
  for (const path of [...short, ...long]) {
    await Deno.mkdir(join(copy.path, dirname(path)), { recursive: true });
    await Deno.writeTextFile(join(copy.path, path), `Deno.test("${path} runs", () => {});\n`);
  }
  await Deno.mkdir(join(copy.path, "tests/support"));
  await Deno.writeTextFile(join(copy.path, "tests/support/preload.ts"), "");
  await groupTests(copy.path);
  assert.deepEqual(await filesOfTask("short", copy.path), short);
  assert.deepEqual(await filesOfTask("long", copy.path), long);
});

Deno.test("unit tests of a directory share a file, which is rewritten only when the directory changes", async () => {
  await using copy = await temporaryHome();
  const write = async (path: string) => {
    await Deno.mkdir(join(copy.path, dirname(path)), { recursive: true });
    await Deno.writeTextFile(join(copy.path, path), "");
  };
  const grouped = async () => {
    await groupTests(copy.path);
    const directory = join(copy.path, "dist", "tests");
    const names = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
    return await Promise.all(names.map(async (name) => {
      const text = await Deno.readTextFile(join(directory, name));
      return [name, ...[...text.matchAll(/"(\w+\.ts)"/g)].map(([, file]) => file)];
    }));
  };
  for (const name of ["a_test", "a_long_test", "b_test", "inner/c_test", "inner/helper"]) {
    await write(`tests/unit/room/${name}.ts`);
  }
  const room = ["unit_room_test.ts", "a_test.ts", "b_test.ts"];
  assert.deepEqual(await grouped(), [["unit_room_inner_test.ts", "c_test.ts"], room]);
  const path = join(copy.path, "dist", "tests", room[0]!);
  const { ino } = await Deno.stat(path);
  await Deno.remove(join(copy.path, "tests/unit/room/inner"), { recursive: true });
  assert.deepEqual(await grouped(), [room]);
  assert.equal((await Deno.stat(path)).ino, ino);
  await Deno.remove(join(copy.path, "tests/unit/room/b_test.ts"));
  assert.deepEqual(await grouped(), [["unit_room_test.ts", "a_test.ts"]]);
});

Deno.test("a file that groups tests has short lines, so that it counts as formatted", async () => {
  await using copy = await temporaryHome();
  const directory = join(copy.path, "tests/unit/engine/libraries/bittorrent_protocol");
  await Deno.mkdir(directory, { recursive: true });
  await Deno.writeTextFile(join(directory, "verify_archives_without_list_test.ts"), "");
  await groupTests(copy.path);
  const name = "unit_engine_libraries_bittorrent_protocol_test.ts";
  const text = await Deno.readTextFile(join(copy.path, "dist", "tests", name));
  assert.deepEqual(text.split("\n").filter((line) => line.length > 100), []);
});

Deno.test("the tests that kill the program again and again are long", async () => {
  const short = (await testFiles()).filter((path) => !path.endsWith(LONG));
  const killing: string[] = [];
  for (const path of short) {
    const source = await Deno.readTextFile(join(root, path));
    if (/^import [^;]*\/killed_process\.ts";$/m.test(source)) killing.push(path);
  }
  assert.deepEqual([...killing, ...short.filter((path) => /\/\w*kill_test/.test(path))], []);
});

Deno.test("`.ci/run` runs both tasks and adds up their results", async () => {
  const script = await Deno.readTextFile(join(root, ".ci", "run"));
  const run = [...script.matchAll(/^ *run_tests \w+ \d+ alone "\$\{deno\[@\]\}" task (\S+)$/gm)];
  const tasks = run.map(([, task]) => task);
  assert(tasks.includes("test") && tasks.includes("test:long"), tasks.join());
});

Deno.test("no file of tests and scripts has more than 400 lines", async () => {
  const long: string[] = [];
  const walk = async (directory: string) => {
    for await (const { name, isDirectory } of Deno.readDir(join(root, directory))) {
      const path = `${directory}/${name}`;
      if (isDirectory) await walk(path);
      else if (name.endsWith(".ts")) {
        const lines = (await Deno.readTextFile(join(root, path))).split("\n").length - 1;
        if (lines > MAX_LINES) long.push(`${path} has ${lines} lines`);
      }
    }
  };
  await walk("tests");
  await walk("scripts");
  assert.deepEqual(long, []);
});
