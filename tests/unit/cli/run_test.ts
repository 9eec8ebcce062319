/**
 * Command lines and their exit codes, run within the test's process.
 *
 * @module
 */

import assert from "node:assert/strict";
import { LibreseedError } from "../../../src/base/mod.ts";
import { commands } from "../../../src/cli/commands/table.ts";
import { defineCommand, textArgument } from "../../../src/cli/flags/command.ts";
import { writtenFlag } from "../../../src/cli/flags/common_flags.ts";
import { runCli } from "../../../src/cli/mod.ts";
import { Interrupted, OutputClosed } from "../../../src/cli/process/errors.ts";
import { runCommand } from "../../../src/cli/run_command.ts";
import { loadSettings } from "../../../src/config/mod.ts";
import { archiveLimitsOf, defaultArchiveLimits } from "../../../src/package/mod.ts";
import { type FakeIo, fakeIo, type FakeIoOptions } from "../../support/fake_io.ts";

async function cli(args: string[], options: FakeIoOptions = {}) {
  const io = fakeIo(options);
  const code = await runCli(args, io);
  return { code, out: io.stdout.text, err: io.stderr.text };
}

Deno.test("without a command, help goes to standard error and the exit code is 2", async () => {
  for (const args of [[], ["-v"], ["--json"], ["--home", "/x"]]) {
    const { code, out, err } = await cli(args);
    assert.equal(code, 2);
    assert.equal(out, "");
    assert.match(err, /^libreseed \d+\.\d+\.\d+: /);
    for (const { name } of commands) assert(err.includes(`\n  ${name}`), name);
  }
});

Deno.test("requested help goes to standard output", async () => {
  const pages = await Promise.all([["help"], ["--help"], ["-h"]].map((args) => cli(args)));
  for (const page of pages) assert.deepEqual({ ...page, out: "" }, { code: 0, out: "", err: "" });
  assert.equal(new Set(pages.map((page) => page.out)).size, 1);
});

Deno.test("every command has a help page, for each way to request it", async () => {
  for (const { name, brief } of commands) {
    const asked = [["help", name], [name, "--help"], [name, "-h"], ["-h", name], [name, "x", "-h"]];
    const pages = await Promise.all(asked.map((args) => cli(args)));
    for (const { code, out, err } of pages) {
      assert.equal(code, 0, name);
      assert.equal(err, "");
      assert(out.startsWith(`Usage\n  libreseed ${name} [flags]`), out);
      assert(out.includes(`${brief}.\n`));
      assert(out.includes("\n  -q, --quiet"));
    }
  }
});

Deno.test("help pages fit in eighty columns, except lines to copy", async () => {
  for (const args of [[], ...commands.map(({ name }) => [name])]) {
    const { out } = await cli(["help", ...args]);
    for (const line of out.split("\n")) {
      assert(line.length <= 80 || line.includes("libreseed completions "), line);
    }
  }
});

Deno.test("help omits flags without effect on a command, and --help-all lists them", async () => {
  assert(!(await cli(["keygen", "--help"])).out.includes("--bootstrap"));
  assert((await cli(["keygen", "--help-all"])).out.includes("--bootstrap HOST:PORT"));
});

Deno.test("help lists a command's own flags first, and settings in a separate section", async () => {
  const { out } = await cli(["help", "publish"]);
  const [own, settings] = out.slice(out.indexOf("\nFlags\n")).split("\nSettings, ");
  assert(own!.includes("  --seed-for DURATION") && own!.includes("  -0, --null"), own);
  assert(settings!.includes("  --port N"), settings);
  assert(!own!.includes("--port") && !settings!.includes("--null"));
  // In `publish`, `--version` is the version of the package and not a setting.
  assert(own!.includes("  --version VERSION"));
  assert(!(await cli(["help", "version"])).out.includes("Settings, "));
});

Deno.test("examples in help use their own command and existing flags", async () => {
  const known = new Set(
    (await Promise.all(commands.map(({ load }) => load()))).flatMap((one) =>
      Object.keys(one.default.parameters.flags ?? {}).map((name) => `--${writtenFlag(name)}`)
    ),
  );
  let examples = 0;
  for (const { name, load } of commands) {
    for (const example of (await load()).default.examples ?? []) {
      examples++;
      const line = example.split(" | ").find((part) => part.startsWith("libreseed "))!;
      const [, command, ...words] = line.split(" ");
      assert(command === name || name === "testnet", example);
      for (const word of words) assert(!word.startsWith("--") || known.has(word), example);
    }
  }
  assert(examples > 10);
});

Deno.test("help is coloured only on a terminal", async () => {
  const io = fakeIo();
  io.stdout.isTerminal = true;
  await runCli(["help", "keygen"], io);
  assert(io.stdout.text.startsWith("\x1b[1mUsage\x1b[22m\n"));
  const plain = fakeIo({ env: { NO_COLOR: "1" } });
  plain.stdout.isTerminal = true;
  await runCli(["help", "keygen"], plain);
  assert(!plain.stdout.text.includes("\x1b"));
});

Deno.test("an archive is not written to a terminal", async () => {
  const io = fakeIo();
  io.stdout.isTerminal = true;
  assert.equal(await runCli(["get", "pkg", "-o", "-"], io), 2);
  assert.equal(io.stdout.text, "");
  assert(io.stderr.text.includes("pipe it"), io.stderr.text);
});

Deno.test("a usage error exits with 2, and names the mistake and the help page", async () => {
  const cases: [string[], string, string][] = [
    [["kegen"], 'unknown command "kegen"; did you mean keygen?', "libreseed help"],
    [["help", "kegen"], 'unknown command "kegen"; did you mean keygen?', "libreseed help"],
    [
      ["trust", "ad"],
      'expected list, add or remove, not "ad"; did you mean add?',
      "libreseed help trust",
    ],
    [["LIST"], 'unknown command "LIST"; did you mean list?', "libreseed help"],
    [["rm", "x"], 'unknown command "rm": `libreseed remove NAME@VERSION`', "libreseed help"],
    [["xyzzy"], 'unknown command "xyzzy"', "libreseed help"],
    [["help", "xyzzy"], 'unknown command "xyzzy"', "libreseed help"],
    [["constructor"], 'unknown command "constructor"', "libreseed help"],
    [["__proto__"], 'unknown command "__proto__"', "libreseed help"],
    [["keygen", "--hme", "x"], "unknown flag --hme; did you mean --home?", "libreseed help keygen"],
    [["keygen", "--to-string"], "unknown flag --to-string", "libreseed help keygen"],
    [["keygen", "--constructor"], "unknown flag --constructor", "libreseed help keygen"],
    [["keygen", "-z"], "unknown flag -z", "libreseed help keygen"],
    [["keygen", "a"], 'unexpected argument "a"', "libreseed help keygen"],
    [["keygen", "--", "--json"], 'unexpected argument "--json"', "libreseed help keygen"],
    [["keygen", "--home"], "--home needs a value", "libreseed help keygen"],
    [["keygen", "--home", "-q"], "--home needs a value before --quiet", "libreseed help keygen"],
    [["keygen", "--home", "a", "--home", "b"], "--home is given twice", "libreseed help keygen"],
    [["keygen", "--no-allow-local=x"], "--no-allow-local takes no value", "libreseed help keygen"],
    [["pack"], "missing argument DIR", "libreseed help pack"],
    [["pack", ""], "DIR is empty", "libreseed help pack"],
    [["get", ""], "libreseed: PACKAGE|FILE is empty", "libreseed help get"],
    [["get", "x", "-o", ""], "--output is empty", "libreseed help get"],
    [["trust", "x"], 'libreseed: expected list, add or remove, not "x"', "libreseed help trust"],
    [["verify"], "missing argument FILE.tgz", "libreseed help verify"],
    [
      ["completions", "tcsh"],
      'must be one of bash, zsh, fish, not "tcsh"',
      "libreseed help completions",
    ],
    [
      ["testnet", "--nodes", "many"],
      'nodes takes a whole number up to 2000, not "many"',
      "libreseed help testnet",
    ],
    [["keygen", "--dht-port", "1"], "share the one port number, set port", "libreseed help keygen"],
  ];
  for (const [args, message, hint] of cases) {
    const { code, out, err } = await cli(args);
    assert.equal(code, 2, args.join(" "));
    assert.equal(out, "");
    assert(err.startsWith("libreseed: ") && err.includes(message), `${args}: ${err}`);
    assert(err.endsWith(`(see \`${hint}\`)\n`), err);
    assert.equal(err.split("\n").length, 2, err);
  }
});

Deno.test("with --json a usage error is an object, wherever the flag stands", async () => {
  for (
    const args of [["keygen", "a", "--json"], ["--json", "keygen", "a"], ["--json", "-0", "x"]]
  ) {
    const { code, out, err } = await cli(args);
    assert.equal(code, 2);
    assert.equal(out, "");
    const { error } = JSON.parse(err);
    assert.equal(error.kind, "usage");
    assert.equal(error.code, "BAD_ARGUMENTS");
  }
  assert.equal(JSON.parse((await cli(["nope", "--json"])).err).error.code, "UNKNOWN_COMMAND");
});

Deno.test("--json after -- is an argument", async () => {
  assert(!(await cli(["keygen", "--", "--json"])).err.startsWith("{"));
});

Deno.test("version prints one line, and library versions with -v", async () => {
  const { version } = JSON.parse(await Deno.readTextFile("deno.json"));
  for (const args of [["version"], ["--version"], ["-V"]]) {
    assert.deepEqual(await cli(args), { code: 0, out: `libreseed ${version}\n`, err: "" });
  }
  const verbose = await cli(["version", "-v"]);
  assert.match(
    verbose.out,
    /^libreseed .*\ndeno +\d+\.\d+\.\d+\nv8 .*\nwebtorrent +\d+\.\d+\.\d+\n/,
  );
  const json = JSON.parse((await cli(["version", "--json"])).out);
  assert.deepEqual(Object.keys(json), ["version", "deno", "v8", "libraries"]);
  assert.equal(json.version, version);
  for (const library of Object.values(json.libraries)) {
    assert.match(String(library), /^\d+\.\d+\.\d+$/);
  }
});

Deno.test("version and help work with broken settings", async () => {
  const env = { LIBRESEED_NONSENSE: "1" };
  assert.equal((await cli(["version"], { env })).code, 0);
  assert.equal((await cli(["help", "pack"], { env })).code, 0);
});

Deno.test("an invalid setting is a usage error that names its origin", async () => {
  const env = { LIBRESEED_PROT: "1" };
  const variable = await cli(["keygen"], { env });
  assert.equal(variable.code, 2);
  assert(variable.err.includes("LIBRESEED_PROT"));
  const files = { "/users/ann/.libreseed/config.yaml": "port: 1\nprot: 2\n" };
  const file = await cli(["keygen", "--json"], { files });
  assert.equal(file.code, 2);
  assert(
    JSON.parse(file.err).error.message.startsWith("/users/ann/.libreseed/config.yaml:2: prot"),
  );
  assert(!(await cli(["keygen", "--port", "70000"])).err.includes("(see"));
});

/** Defines a command for a test and runs it. */
async function runIn(
  io: FakeIo,
  run: Parameters<typeof defineCommand<{ json?: boolean }, string[]>>[0]["run"],
  flags: Record<string, unknown> = {},
): Promise<number> {
  const positional = { kind: "array", parameter: textArgument("X", "x") } as const;
  // deno-lint-ignore no-explicit-any -- one flag is enough here
  const command = defineCommand<any, string[]>({
    home: "unused",
    parameters: { flags: {}, positional },
    run,
  });
  return await runCommand(command, flags, [], { io, cli: (args) => runCli(args, io), commands });
}

Deno.test("a command without a return value exits with 0, otherwise with the returned code", async () => {
  assert.equal(await runIn(fakeIo(), () => {}), 0);
  assert.equal(await runIn(fakeIo(), () => Promise.resolve(7)), 7);
});

Deno.test("a thrown error is reported once and determines the exit code", async () => {
  const io = fakeIo();
  const code = await runIn(io, () => {
    throw new LibreseedError("network", "SILENCE", "nobody answered");
  });
  assert.equal(code, 5);
  assert.equal(io.stderr.text, "libreseed: nobody answered\n");
});

Deno.test("a closed standard output ends a command without a message", async () => {
  const io = fakeIo();
  io.stdout.failWith = new OutputClosed();
  assert.equal(await runIn(io, ({ output }) => output.result({}, "x")), 141);
  assert.equal(io.stderr.text, "");
  const helped = fakeIo();
  helped.stdout.failWith = new OutputClosed();
  assert.equal(await runCli(["help"], helped), 141);
  assert.equal(helped.stderr.text, "");
});

Deno.test("a full disk under standard output is an error", async () => {
  const io = fakeIo();
  io.stdout.failWith = new LibreseedError("failed", "STDOUT_FAILED", "no space left");
  assert.equal(await runIn(io, ({ output }) => output.result({}, "x")), 1);
  assert.equal(io.stderr.text, "libreseed: no space left\n");
});

Deno.test("a command interrupted by a signal prints nothing and exits with 128 plus the signal's number", async () => {
  for (const [name, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const io = { ...fakeIo(), interruptedBy: name } as FakeIo;
    assert.equal(
      await runIn(io, () => {
        throw new Error("wrapped", { cause: new Interrupted(name) });
      }),
      code,
    );
    assert.equal(io.stderr.text, "");
  }
});

Deno.test("a command that ends normally after a signal exits with 0", async () => {
  const io = { ...fakeIo(), interruptedBy: "SIGTERM" } as FakeIo;
  assert.equal(await runIn(io, () => {}), 0);
});

Deno.test("a command's settings come from its flags, the environment and the file", async () => {
  const io = fakeIo({
    env: { LIBRESEED_TIMEOUT: "7s" },
    files: { "/here/h/config.yaml": "port: 7000\ntimeout: 8s" },
  });
  await runIn(io, async ({ settings }) => {
    const { values, origins } = await settings();
    assert.equal(values.home, "/here/h");
    assert.equal(values.allowLocal, true);
    assert.equal(values.timeoutMs, 7_000);
    assert.equal(values.port, 7_000);
    assert.equal(origins["allow-local"].where, "--allow-local");
    assert.equal(await settings(), await settings());
  }, { home: "h", allowLocal: true });
  assert.equal(io.stderr.text, "");
});

Deno.test("a command's own flag with the name of a setting does not change the setting", async () => {
  const parse = Number;
  const command = defineCommand<{ port?: number }, []>({
    home: "unused",
    parameters: { flags: { port: { kind: "parsed", parse, optional: true, brief: "Own" } } },
    async run({ flags, settings }) {
      assert.equal(flags.port, 7);
      assert.equal((await settings()).values.port, 6881);
    },
  });
  const io = fakeIo();
  const context = { io, cli: (args: readonly string[]) => runCli(args, io), commands };
  assert.equal(await runCommand(command, { port: 7 }, [], context), 0);
});

Deno.test("flags of settings are read through the command line, in any order", async () => {
  const files = { "/users/ann/.libreseed/config.yaml": "port: nonsense" };
  const before = await cli(["--port", "7", "keygen", "--timeout", "soon"], { files });
  assert(before.err.startsWith("libreseed: --timeout: "), before.err);
  const off = await cli(["keygen", "--bootstrap=", "--no-allow-local", "--timeout=x"]);
  assert(off.err.startsWith("libreseed: --timeout: "), off.err);
});

Deno.test("the default settings equal the package room's default limits", async () => {
  const { values } = await loadSettings({
    flags: {},
    env: {},
    cwd: "/",
    userHome: "/",
    readFile: () => Promise.resolve(undefined),
  });
  assert.deepEqual(archiveLimitsOf(values), defaultArchiveLimits);
});

Deno.test("-q and -v together are a usage error", async () => {
  for (const flags of [["-q", "-v"], ["-vq"], ["--quiet", "--verbose"]]) {
    const { code, out, err } = await cli([...flags, "version"]);
    assert.deepEqual([code, out], [2, ""]);
    assert.equal(err.split("\n")[0], "libreseed: -q and -v contradict each other: give one");
  }
});
