/**
 * How `.ci/run` counts the results of tests, and what it runs a second time: the functions of
 * `.ci/tests.sh`, with shell commands in place of `deno test`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryHome } from "../support/mod.ts";

const root = join(import.meta.dirname!, "..", "..");
const works = async (program: string) => {
  try {
    return (await new Deno.Command(program, { args: ["--version"] }).output()).success;
  } catch {
    return false;
  }
};

/** Runs `./first` as tests. Pauses take no time. */
const HARNESS = `
set -euo pipefail
exec < /dev/null
logs=$PWD/logs parent=$PWD deno=(false) deno_test=(./second)
mkdir "$logs"
is_late() { return "$LATE"; }
sleep() { :; }
. "$ROOT/.ci/tests.sh"
run_tests name 9 alone ./first
printf '%s\\n' "\${failures[@]}" > failures
echo "$passed passed, $failed failed"
`;

interface Case {
  /** Shell commands in place of `deno task test`. The variable `n` counts the tries, from 1. */
  first: string;
  /** Shell commands in place of the second try of single files, which are the arguments. */
  second?: string;
  late?: boolean;
}

/** Runs tests as `.ci/run` does. Returns the last line, the whole output, and the failures. */
async function count({ first, second = "exit 1", late = false }: Case) {
  await using home = await temporaryHome();
  const tries = "echo >> tries\nn=$(wc -l < tries)\n";
  for (const [name, text] of Object.entries({ first: tries + first, second })) {
    await Deno.writeTextFile(join(home.path, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
  }
  const { stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", HARNESS],
    cwd: home.path,
    env: { ROOT: root, LATE: late ? "0" : "1" },
  }).output();
  const said = new TextDecoder().decode(stdout);
  const last = said.trimEnd().split("\n").at(-1);
  assert.match(last ?? "", /^\d+ passed, \d+ failed$/, said + new TextDecoder().decode(stderr));
  return { last, said, failures: await Deno.readTextFile(join(home.path, "failures")) };
}

const PASSED = "echo './tests/a_test.ts => one ... ok (1ms)'; echo 'ok | 1 passed | 0 failed (1s)'";
const FAILED =
  "echo './tests/a_test.ts => one ... FAILED (1ms)'; echo 'FAILED | 0 passed | 1 failed (1s)'; exit 1";

Deno.test("tests that pass are counted", async () => {
  const { last, failures } = await count({ first: PASSED });
  assert.equal(last, "1 passed, 0 failed");
  assert.equal(failures, "\n");
});

Deno.test("tests are run again if they end without a result, and it is said", async () => {
  const { last, said } = await count({
    first: `if ((n == 1)); then echo 'error: no bundle'; exit 1; fi\n${PASSED}`,
  });
  assert.equal(last, "1 passed, 0 failed");
  assert.match(
    said,
    /^No result: exit code 1\. .*\nerror: no bundle\nAll of it a second time: /m,
  );
});

Deno.test("tests without a result at the second try have failed", async () => {
  const { last, failures } = await count({ first: "echo 'error: no bundle'; exit 1" });
  assert.equal(last, "0 passed, 1 failed");
  assert.match(failures, /ended without a result: exit code 1\.[^]*error: no bundle/);
});

Deno.test("tests without a result are not run again when it is late", async () => {
  const { last } = await count({ first: `if ((n == 1)); then exit 1; fi\n${PASSED}`, late: true });
  assert.equal(last, "0 passed, 1 failed");
});

Deno.test("the file of a failed test is run again, and that result counts", async () => {
  const first = FAILED;
  const passes = await count({ first, second: `[[ $* == ./tests/a_test.ts ]] && { ${PASSED}; }` });
  assert.equal(passes.last, "1 passed, 0 failed");
  const fails = await count({ first, second: FAILED });
  assert.equal(fails.last, "0 passed, 1 failed");
  assert.equal(fails.failures, "./tests/a_test.ts failed twice\n");
});

Deno.test("the file of a failed group of tests is run again", async () => {
  const group = "./dist/tests/unit_a_test.ts";
  const { last } = await count({
    first: FAILED.replace("./tests/a_test.ts", group),
    second: `[[ $* == ${group} ]] && { ${PASSED}; }`,
  });
  assert.equal(last, "1 passed, 0 failed");
});

Deno.test("a failure that names no file counts", async () => {
  const { last } = await count({ first: "echo 'FAILED | 3 passed | 2 failed (1s)'; exit 1" });
  assert.equal(last, "3 passed, 1 failed");
});

Deno.test("a skipped test counts as failed", async () => {
  const { last, failures } = await count({
    first: "echo './tests/a_test.ts => one ... ignored (1ms)'\n" +
      "echo 'ok | 2 passed | 0 failed | 1 ignored (1s)'",
  });
  assert.equal(last, "2 passed, 1 failed");
  assert.match(failures, /^1 skipped/);
});

Deno.test("an exit code other than 0 counts, although no test failed", async () => {
  const { last } = await count({ first: `${PASSED}; exit 3` });
  assert.equal(last, "1 passed, 1 failed");
});

// The process has the output of the tests open, and their temporary directory in its environment.
const LEAVES = "setsid sleep 1000 &\n";

Deno.test("a process that tests leave counts as a failure, is killed, and keeps nobody waiting", async () => {
  const { last, failures } = await count({ first: LEAVES + PASSED });
  assert.equal(last, "1 passed, 1 failed");
  const pid = /process (\d+): /.exec(failures)?.[1];
  assert(pid, failures);
  // A process that has ended, but is not reaped yet, has no command line.
  const commandLine = () => Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "");
  while (await commandLine() !== "") await new Promise((resolve) => setTimeout(resolve, 10));
});

Deno.test("a file that tests leave counts as a failure", async () => {
  const { last, failures } = await count({ first: `touch "$TMPDIR/forgotten"\n${PASSED}` });
  assert.equal(last, "1 passed, 1 failed");
  assert.match(failures, /left behind:\n.*\/forgotten\n/);
});

Deno.test("what a failed test leaves does not count if the second try leaves nothing", async () => {
  const { last, said } = await count({
    first: `touch "$TMPDIR/forgotten"\n${FAILED}`,
    second: PASSED,
  });
  assert.equal(last, "1 passed, 0 failed");
  assert.match(said, /Some tests did not end well; the tests left behind:\n.*\/forgotten\n/);
});

Deno.test({
  name: "shellcheck finds no problem in `.ci/run`",
  ignore: !await works("shellcheck"),
  fn: async () => {
    const { success, stdout } = await new Deno.Command("shellcheck", {
      args: ["-x", ".ci/run", ".ci/tests.sh"],
      cwd: root,
    }).output();
    assert(success, new TextDecoder().decode(stdout));
  },
});
