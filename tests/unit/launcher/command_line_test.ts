/**
 * Tests the launcher's scanner of command lines against the parser that runs commands.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { run } from "@stricli/core";
import { settingDefinitions } from "../../../src/config/mod.ts";
import { buildApp } from "../../../src/cli/app.ts";
import { commands, findCommand } from "../../../src/cli/commands/table.ts";
import { prepareArguments } from "../../../src/cli/flags/arguments.ts";
import type { CliContext } from "../../../src/cli/flags/cli_context.ts";
import type { CommandDefinition } from "../../../src/cli/flags/command.ts";
import { flagName, settingsFromFlags, writtenFlag } from "../../../src/cli/flags/common_flags.ts";
import { scanCommandLine } from "../../../src/launcher/command_line.ts";
import { type CommandSyntax, commandTable } from "../../../src/launcher/command_table.ts";
import { fakeIo } from "../../support/fake_io.ts";

const definitions = new Map<string, CommandDefinition>();
for (const { name, load } of commands) definitions.set(name, (await load()).default);
const settings = new Set(settingDefinitions.map(({ key }) => flagName(key)));
const outputs = ["json", "quiet", "verbose"];

/** The syntax of a command, from the parameters that the command's file declares. */
function declared({ parameters, ownFlags }: CommandDefinition): CommandSyntax {
  const { flags = {}, aliases = {}, positional } = parameters;
  const kinds = ownFlags.map((name) => {
    const flag = flags[name]!;
    const kind = flag.kind === "boolean"
      ? "switch"
      : "variadic" in flag && flag.variadic
      ? "values"
      : "value";
    return [name, kind] as const;
  });
  const letters = Object.entries(aliases).filter(([, name]) => !outputs.includes(name as string));
  const args: [number, number] = positional === undefined
    ? [0, 0]
    : positional.kind === "array"
    ? [positional.minimum ?? 0, positional.maximum ?? Infinity]
    : [
      positional.parameters.filter(({ optional }) => !optional).length,
      positional.parameters.length,
    ];
  return {
    flags: Object.fromEntries(kinds.sort()),
    letters: Object.fromEntries(letters) as Record<string, string>,
    args,
  };
}

Deno.test("the launcher's table has every command with its aliases, flags and arguments", () => {
  const known: Record<string, CommandSyntax> = {};
  for (const [name, row] of Object.entries<CommandSyntax>(commandTable)) {
    const { aliases = [], flags = {}, letters = {}, args } = row;
    known[name] = {
      aliases,
      flags: Object.fromEntries(Object.entries(flags).sort()),
      letters,
      args,
    };
  }
  const real = commands.map(({ name, aliases = [] }) =>
    [name, { aliases, ...declared(definitions.get(name)!) }] as const
  );
  assert.deepEqual(known, Object.fromEntries(real));
});

Deno.test("every flag of a command that is not its own is a setting or controls the output", () => {
  for (const [name, { parameters, ownFlags }] of definitions) {
    const others = Object.entries(parameters.flags ?? {}).filter(([flag]) =>
      !ownFlags.includes(flag)
    );
    for (const [flag, { kind }] of others) {
      assert.ok(settings.has(flag) || outputs.includes(flag), `${name} --${flag}`);
      const row = settingDefinitions.find(({ key }) => flagName(key) === flag);
      assert.equal(kind === "boolean", !row || row.type.kind === "boolean", `${name} --${flag}`);
    }
  }
});

/** Returns the parser's result for a command line; `undefined` if the parser refuses it. */
async function parsed(raw: readonly string[]): Promise<unknown> {
  let args: string[];
  let word: string | undefined;
  try {
    ({ args, command: word } = prepareArguments(raw));
  } catch {
    return undefined;
  }
  const entry = word === undefined ? undefined : findCommand(word);
  if (!entry) return undefined;
  let found: unknown;
  const definition = definitions.get(entry.name)!;
  const { ownFlags } = definition;
  const loaded: CommandDefinition = {
    ...definition,
    run(given) {
      // The scanner knows no defaults, and takes numbers as text.
      const typed = (value: unknown) => typeof value === "number" ? `${value}` : value;
      const own = Object.entries(given.flags).filter(([name, value]) =>
        (ownFlags.includes(name) || outputs.includes(name)) && value !== undefined &&
        !(entry.name === "testnet" && isDefault(name, value))
      ).map(([name, value]) => [name, typed(value)]);
      found = {
        command: entry.name,
        help: false,
        flags: Object.fromEntries(own),
        settings: settingsFromFlags(given.flags, ownFlags),
        args: given.args.filter((one) => one !== undefined),
      };
    },
  };
  let printed = "";
  const io = fakeIo();
  const context = {
    process: {
      stdout: { write: (text: string) => void (printed += text) },
      stderr: { write: () => {} },
    },
    io,
    cli: () => Promise.resolve(0),
  } as unknown as CliContext;
  await run(buildApp(new Map([[entry.name, loaded]])), args, context);
  if (found) return found;
  if (!printed.includes("Usage")) return undefined;
  return { command: entry.name, help: true, flags: {}, settings: {}, args: [] };
}

function isDefault(name: string, value: unknown): boolean {
  return name === "nodes" && value === 20 || name === "port" && value === 0;
}

const words = [
  ...["-", "--", "", "a", "./x.tgz", "-o", "-o=b", "-ob", "-0", "-q", "-qv", "-h", "-qh", "-hH"],
  ...["-x", "--x", "-1", "--no", "true", "--help", "--helpAll", "--help-all", "--help=1", "-V"],
  ...["--version", "--json", "--json=false", "--json=maybe", "--no-json", "put", "list", "prune"],
  ...["--to-string", "--constructor", "--name=\n", "--name=a\r", "--out=", "--home=", "start"],
];

const allFlags = [...definitions.values()].flatMap(({ parameters }) =>
  Object.keys(parameters.flags ?? {})
);

/** A flag in one of the forms in which it can be typed. */
const flag = fc.tuple(
  fc.constantFrom(...new Set(allFlags)),
  fc.constantFrom("", "no-", "no", "no-x"),
  fc.boolean(),
  fc.constantFrom(undefined, "", "v", "a=b", "yes", "off", "-", "\n", "-x", "="),
).map(([name, no, isCamel, value]) => {
  const written = isCamel ? name : writtenFlag(name);
  const negated = no === "no" ? `no${written[0]!.toUpperCase()}${written.slice(1)}` : no + written;
  return `--${negated}${value === undefined ? "" : `=${value}`}`;
});

const commandLines = fc.tuple(
  fc.array(fc.oneof(flag, fc.constantFrom(...words)), { maxLength: 2 }),
  fc.constantFrom(...Object.keys(commandTable), "start", "nothing"),
  fc.array(
    fc.oneof(flag, fc.constantFrom(...words), fc.string({ maxLength: 4 })),
    { maxLength: 5 },
  ),
).map(([before, command, after]) => [...before, command, ...after]);

Deno.test("the scanner reads each command line as the parser does, or not at all", async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(commandLines, async (raw) => {
      const real = await parsed(raw);
      // The parser also refuses wrong values, which the scanner does not know.
      if (real === undefined) return;
      accepted++;
      assert.deepEqual(scanCommandLine(raw), real);
    }),
    { numRuns: 4_000 },
  );
  assert.ok(accepted > 200, `${accepted} of the command lines were accepted`);
});

Deno.test("a switch is read in every form in which the parser takes it", async () => {
  const forms = (name: string) => {
    const long = writtenFlag(name);
    const capital = `${name[0]!.toUpperCase()}${name.slice(1)}`;
    const bare = [long, name, `no-${long}`, `no-x${name}`, `no${capital}`, `no${name}`];
    return bare.flatMap((one) => ["", "=on", "=OFF", "=2", "="].map((value) => `--${one}${value}`));
  };
  for (const name of ["dht", "allowLocal", "mirror", "json"]) {
    for (const form of forms(name)) {
      const real = await parsed(["seed", form]);
      assert.deepEqual(scanCommandLine(["seed", form]), real, form);
      if (name === "mirror") continue;
      assert.deepEqual(scanCommandLine([form, "seed"]), await parsed([form, "seed"]), form);
    }
  }
});
