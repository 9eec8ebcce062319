/**
 * Completion scripts for shells: completeness, quoting, and a run in each installed shell.
 *
 * @module
 */

import assert from "node:assert/strict";
import { commands } from "../../../../src/cli/commands/table.ts";
import {
  type CompletedCommand,
  completedCommand,
  completionScript,
  shells,
} from "../../../../src/cli/flags/completions.ts";

async function all(): Promise<CompletedCommand[]> {
  return await Promise.all(
    commands.map(async (entry) => completedCommand(entry, (await entry.load()).default)),
  );
}

const awkward: CompletedCommand[] = [{
  names: ["get", "fetch"],
  brief: `it's [a]: "test" \\ $(exit) \`x\``,
  flags: [
    { name: "out", letter: "o", takesValue: true, brief: "don't [x:y]" },
    { name: "plain", takesValue: false, brief: "" },
  ],
  argument: "file",
}];

function isThere(shell: string): boolean {
  try {
    return new Deno.Command(shell, { args: ["-c", ":"], stdout: "null", stderr: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
}

Deno.test("every script contains every command and every flag that help shows", async () => {
  const completed = await all();
  for (const shell of shells) {
    const script = completionScript(shell, completed);
    for (const { names, flags } of completed) {
      for (const name of names) assert(script.includes(name), `${shell}: ${name}`);
      for (const { name } of flags) {
        assert(
          script.includes(shell === "fish" ? `-l ${name} ` : `--${name}`),
          `${shell}: ${name}`,
        );
      }
    }
  }
});

Deno.test("scripts omit flags that help hides", async () => {
  const keygen = (await all()).find((command) => command.names.includes("keygen"));
  assert.deepEqual(keygen?.flags.map((flag) => flag.name), [
    "root-out",
    "root-in-home",
    "certify-existing",
    "signing-only",
    "home",
    "json",
    "quiet",
    "verbose",
    "help",
  ]);
});

Deno.test("the kind of an argument follows from its placeholder", async () => {
  const argument = Object.fromEntries((await all()).map((c) => [c.names[0], c.argument]));
  assert.equal(argument.pack, "file");
  assert.equal(argument.verify, "file");
  assert.equal(argument.help, "command");
  assert.deepEqual(argument.completions, shells);
  assert.equal(argument.keygen, "none");
});

for (const shell of shells) {
  Deno.test({
    name: `${shell} finds no fault with its script, however awkward the words`,
    ignore: !isThere(shell),
    async fn() {
      for (const completed of [await all(), awkward]) {
        const file = await Deno.makeTempFile();
        try {
          await Deno.writeTextFile(file, completionScript(shell, completed));
          const { success, stderr } = await new Deno.Command(shell, { args: ["-n", file] })
            .output();
          assert(success, new TextDecoder().decode(stderr));
        } finally {
          await Deno.remove(file);
        }
      }
    },
  });
}

Deno.test({
  name: "bash completes commands, flags, fixed arguments, and leaves files to itself",
  ignore: !isThere("bash"),
  async fn() {
    const script = completionScript("bash", await all());
    const complete = async (...words: string[]): Promise<string[]> => {
      const ask = `${script}
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _libreseed
        printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout, success } = await new Deno.Command("bash", {
        args: ["-c", ask, "bash", "libreseed", ...words],
      }).output();
      assert(success);
      return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
    };
    assert.deepEqual(await complete("pa"), ["pack"]);
    assert.deepEqual(await complete("pack", "--o"), ["--out"]);
    assert.deepEqual(await complete("pack", "--out", ""), []);
    assert.deepEqual(await complete("pack", ""), []);
    assert.deepEqual(await complete("--json", "completions", ""), ["bash", "zsh", "fish"]);
    assert.deepEqual(await complete("help", "te"), ["testnet"]);
    assert((await complete("")).includes("verify"));
    assert.deepEqual(await complete("keygen", "--bo"), []);
  },
});
