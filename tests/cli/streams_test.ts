/**
 * Tests the program as a child process: standard streams, closed pipes, full disks, and a new
 * user's first commands.
 */

import assert from "node:assert/strict";
import { runCli, temporaryHome } from "../support/mod.ts";
import { runShell } from "./shell.ts";

Deno.test("version is one line on standard output", async () => {
  const { code, stdout, stderr } = await runCli(["version"]);
  assert.equal(code, 0);
  assert.match(stdout, /^libreseed \d+\.\d+\.\d+\n$/);
  assert.equal(stderr, "");
});

Deno.test("a missing command is a usage error, and requested help is not", async () => {
  const none = await runCli([]);
  assert.deepEqual([none.code, none.stdout], [2, ""]);
  const asked = await runCli(["help"]);
  assert.deepEqual([asked.code, asked.stderr], [0, ""]);
  assert.equal(asked.stdout, none.stderr);
});

Deno.test("a usage error is one line on standard error that names the help page", async () => {
  const { code, stdout, stderr } = await runCli(["pack", "--verison", "1.0.0", "."]);
  assert.equal(code, 2);
  assert.equal(stdout, "");
  assert.equal(
    stderr,
    "libreseed: unknown flag --verison; did you mean --version? (see `libreseed help pack`)\n",
  );
});

Deno.test("with --json a usage error is one JSON object on standard error", async () => {
  const { code, stdout, stderr } = await runCli(["--json", "frobnicate"]);
  assert.equal(code, 2);
  assert.equal(stdout, "");
  const { error } = JSON.parse(stderr);
  assert.deepEqual(Object.keys(error), ["code", "kind", "message", "detail"]);
  assert.deepEqual([error.code, error.kind], ["UNKNOWN_COMMAND", "usage"]);
});

Deno.test("a closed pipe ends the program without a message", async () => {
  const { stdout, stderr } = await runShell(
    'exec {pipe}> >(true); wait $!; "$@" version >&$pipe; echo $?',
  );
  assert.equal(stdout, "141\n");
  assert.equal(stderr, "");
});

Deno.test("reading only the first line of long output causes no message", async () => {
  const { code, stdout, stderr } = await runShell('"$@" completions bash | head -n 1');
  assert.equal(code, 0);
  assert.equal(stdout, "# bash completion for libreseed\n");
  assert.equal(stderr, "");
});

Deno.test("output that cannot be written is a failure, not a success", async () => {
  const { code, stderr } = await runShell('"$@" version > /dev/full');
  assert.equal(code, 1);
  assert.match(stderr, /^libreseed: cannot write to standard output: .*[Nn]o space/);
});

Deno.test("a closed standard error does not change the result", async () => {
  const { stdout } = await runShell(
    'exec {pipe}> >(true); wait $!; "$@" frobnicate 2>&$pipe; echo $?; "$@" version 2>&$pipe',
  );
  assert.match(stdout, /^2\nlibreseed \d/);
});

Deno.test("settings come from the environment and the config file of the home", async () => {
  await using home = await temporaryHome();
  await Deno.writeTextFile(`${home.path}/config.yaml`, "port: 7000\ntimeout: never\n");
  const file = await runCli(["keygen", "--signing-only"], { home });
  assert.equal(file.code, 2);
  assert(file.stderr.startsWith(`libreseed: ${home.path}/config.yaml:2: timeout: `), file.stderr);
  const variable = await runCli(["keygen", "--signing-only"], {
    home,
    env: { LIBRESEED_TIMEOUT: "1x" },
  });
  assert.equal(variable.code, 2);
  assert(variable.stderr.startsWith("libreseed: LIBRESEED_TIMEOUT: "), variable.stderr);
  const flag = await runCli(["keygen", "--signing-only", "--timeout", "5s"], { home });
  assert.deepEqual([flag.code, flag.stdout.startsWith("ed25519:")], [0, true]);
});

Deno.test("a directory at the config file's path is an error", async () => {
  await using home = await temporaryHome();
  await Deno.mkdir(`${home.path}/config.yaml`);
  const { code, stderr } = await runCli(["keygen", "--signing-only", "--home", home.path]);
  assert.equal(code, 1);
  assert(stderr.includes(`${home.path}/config.yaml`), stderr);
});

function hasScript(): boolean {
  try {
    return new Deno.Command("script", { args: ["--version"], stdout: "null", stderr: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
}

Deno.test({
  name: "colours appear on a terminal, and not where NO_COLOR is set",
  ignore: !hasScript(),
  async fn() {
    const line = 'script -qec "$(printf "%q " "$@") frobnicate" /dev/null < /dev/null';
    const env = { TERM: "xterm" };
    const colored = await runShell(line, { env });
    assert(colored.stdout.includes("\x1b[31mlibreseed: \x1b[39m"), JSON.stringify(colored));
    const plain = await runShell(line, { env: { ...env, NO_COLOR: "1" } });
    assert(plain.stdout.includes("libreseed: unknown command"), JSON.stringify(plain));
    assert(!plain.stdout.includes("\x1b["));
  },
});
