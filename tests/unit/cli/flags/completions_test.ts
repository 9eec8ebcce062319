/**
 * Completion scripts for shells: completeness, quoting, and a run in each installed shell.
 *
 * @module
 */

import assert from "node:assert/strict";
import { commands } from "../../../../src/cli/commands/table.ts";
import { writtenFlag } from "../../../../src/cli/flags/common_flags.ts";
import {
  type CompletedCommand,
  flagsWithValue,
  shells,
} from "../../../../src/cli/flags/completed_command.ts";
import { completedCommand, completionScript } from "../../../../src/cli/flags/completions.ts";
import { isInstalled } from "../../../support/installed.ts";

async function all(): Promise<CompletedCommand[]> {
  const names = commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  return await Promise.all(
    commands.map(async (entry) => completedCommand(entry, (await entry.load()).default, names)),
  );
}

const awkward: CompletedCommand[] = [{
  names: ["get", "fetch"],
  brief: `it's [a]: "test" \\ $(exit) \`x\``,
  flags: [
    { name: "out", letter: "o", value: { files: true }, brief: "don't [x:y]" },
    { name: "kind", value: { words: ["it's", "a"], kind: "packages" }, brief: "" },
    { name: "plain", brief: "" },
  ],
  args: [{ files: true, kind: "packages" }, {}],
  repeats: true,
}];

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

Deno.test("the words for an argument or a value follow from its placeholder or its setting", async () => {
  const completed = Object.fromEntries((await all()).map((one) => [one.names[0]!, one]));
  const args = Object.fromEntries(Object.entries(completed).map(([name, one]) => [name, one.args]));
  assert.deepEqual(args.pack, [{ files: true }]);
  assert.deepEqual(args.verify, [{ files: true }]);
  assert.deepEqual(args.completions, [{ words: shells }]);
  assert.deepEqual(args.keygen, []);
  assert.deepEqual(args.get, [{ files: true, kind: "packages" }]);
  assert.deepEqual(args.remove, [{ kind: "seeded" }]);
  assert.deepEqual(args.store, [{ words: ["list", "verify", "prune"] }, { kind: "installed" }]);
  assert.deepEqual(args.trust!.slice(1), [{ kind: "packages" }, { kind: "publishers" }]);
  assert.deepEqual(args.unfollow, [{ kind: "publishers" }]);
  assert.deepEqual(args.help![0]!.words!.includes("testnet"), true);
  assert.deepEqual([completed.get!.repeats, completed.install!.repeats], [false, true]);
  const value = (command: string, flag: string) =>
    completed[command]!.flags.find(({ name }) => name === flag)?.value;
  assert.deepEqual(value("seed", "transport"), { words: ["both", "tcp", "utp"] });
  assert.deepEqual(value("seed", "dir"), { files: true });
  assert.deepEqual(value("seed", "http-hosts"), {});
  assert.deepEqual(value("verify", "key"), { kind: "publishers" });
  assert.deepEqual(value("pack", "key"), {});
});

Deno.test("a switch that can be negated is offered in both forms, and no other is", async () => {
  for (const { names: [name], flags } of await all()) {
    const { parameters } = (await commands.find((one) => one.name === name)!.load()).default;
    const negated = Object.entries(parameters.flags ?? {}).filter(([, flag]) =>
      !flag.hidden && flag.kind === "boolean" && flag.withNegated !== false
    ).map(([flag]) => `no-${writtenFlag(flag)}`);
    const offered = flags.map((flag) => flag.name).filter((flag) => flag.startsWith("no-"));
    assert.deepEqual(offered, negated, name);
  }
});

Deno.test("a flag that takes a value in some commands only is listed with these", async () => {
  const listed = flagsWithValue(await all());
  const watch = listed.filter((one) => one.endsWith("--watch"));
  assert.deepEqual(watch, ["seed--watch", "start--watch"]);
  for (const flag of ["--home", "--output", "-o", "--key"]) assert(listed.includes(flag), flag);
  for (const flag of ["--all", "--json", "-q", "--no-dht"]) assert(!listed.includes(flag), flag);
});

for (const shell of shells) {
  Deno.test({
    name: `${shell} finds no fault with its script, however awkward the words`,
    ignore: !isInstalled(shell),
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
