/**
 * The syntax of every command, as far as the scanner in `command_line.ts` needs it. A test compares
 * this table with the parameters that the commands themselves declare.
 *
 * @module
 */

/**
 * Kind of a flag. A `switch` takes no value. A `value` takes one value. `values` may be repeated,
 * with one value each time.
 */
export type FlagKind = "switch" | "value" | "values";

/** The names, flags and positional arguments of a command. */
export interface CommandSyntax {
  /** Other names of the command. */
  aliases?: readonly string[];
  /** The command's own flags, by their names in camel case. Flags of settings are not listed. */
  flags?: Readonly<Record<string, FlagKind>>;
  /** Short names of {@linkcode CommandSyntax.flags}: one letter each. */
  letters?: Readonly<Record<string, string>>;
  /** Minimum and maximum number of positional arguments. */
  args: readonly [min: number, max: number];
  /** Index of the first positional argument that may be empty text; absent if none may. */
  emptyFrom?: number;
}

/** Flags of every command: they control its output. */
export const outputSwitches: readonly string[] = ["json", "quiet", "verbose"];

/** Short names of {@linkcode outputSwitches}. */
export const outputLetters: Readonly<Record<string, string>> = { q: "quiet", v: "verbose" };

/** Settings whose flags may precede the command's name. */
export const leadingSettings: readonly string[] = [
  "home",
  "dir",
  "port",
  "bind",
  "bootstrap",
  "allow-local",
  "timeout",
];

const packing: Readonly<Record<string, FlagKind>> = {
  name: "value",
  version: "value",
  includeIgnored: "switch",
  dryRun: "switch",
  allowSecret: "values",
  webSeed: "values",
  key: "value",
};

/** The syntax of each command, by its name. */
export const commandTable = {
  keygen: {
    flags: {
      rootOut: "value",
      rootInHome: "switch",
      certifyExisting: "switch",
      signingOnly: "switch",
    },
    args: [0, 0],
  },
  key: {
    flags: {
      root: "value",
      names: "value",
      until: "value",
      output: "value",
      current: "switch",
      reason: "value",
      since: "value",
      good: "value",
      yes: "switch",
    },
    letters: { o: "output" },
    args: [1, 3],
  },
  pack: { flags: { ...packing, out: "value" }, letters: { o: "out" }, args: [1, 1] },
  publish: {
    flags: { ...packing, seedFor: "value", tag: "value", null: "switch" },
    args: [1, Infinity],
  },
  yank: { flags: { reason: "value", undo: "switch", key: "value" }, args: [1, 1] },
  deprecate: { flags: { key: "value" }, args: [2, 2], emptyFrom: 1 },
  tag: { flags: { remove: "switch", key: "value" }, args: [1, 2] },
  seed: { aliases: ["start"], args: [0, 0] },
  announce: { args: [0, Infinity] },
  resolve: { flags: { all: "switch" }, args: [1, 1] },
  info: { flags: { files: "switch" }, args: [1, 1] },
  get: { flags: { output: "value", file: "value" }, letters: { o: "output" }, args: [1, 1] },
  install: {
    flags: { save: "switch", frozen: "switch", force: "switch" },
    args: [0, Infinity],
  },
  uninstall: { flags: { save: "switch" }, args: [1, 1] },
  outdated: { flags: { installed: "switch" }, args: [0, Infinity] },
  upgrade: {
    flags: {
      latest: "switch",
      installed: "switch",
      self: "switch",
      from: "value",
      rollback: "switch",
    },
    args: [0, Infinity],
  },
  link: { flags: { to: "value" }, args: [1, 1] },
  store: { flags: { dryRun: "switch", repair: "switch" }, args: [1, 2] },
  verify: { flags: { key: "value" }, args: [1, Infinity] },
  trust: { args: [1, 3] },
  search: { args: [0, 1] },
  follow: { args: [1, 1] },
  unfollow: { args: [1, 1] },
  following: { args: [0, 0] },
  manifest: { flags: { key: "value" }, args: [2, 2] },
  list: { args: [0, 0] },
  status: { flags: { watch: "switch", all: "switch" }, args: [0, 1] },
  add: { flags: { allowSecret: "values" }, args: [1, 1] },
  remove: { args: [1, 1] },
  reload: { args: [0, 0] },
  stop: { args: [0, 0] },
  token: { args: [1, 1] },
  doctor: { args: [0, 0] },
  testnet: { flags: { nodes: "value", port: "value", ipv6: "switch" }, args: [0, 0] },
  completions: { args: [1, 1] },
  words: { args: [1, 2], emptyFrom: 1 },
  man: { flags: { all: "switch" }, args: [0, 1] },
  help: { args: [0, 1] },
  version: { args: [0, 0] },
} as const satisfies Record<string, CommandSyntax>;

/** The name of a command. */
export type CommandName = keyof typeof commandTable;

/** Finds a command by its name or an alias; `undefined` if there is none. */
export function findSyntax(
  word: string,
): { name: CommandName; syntax: CommandSyntax } | undefined {
  const table: Record<string, CommandSyntax> = commandTable;
  const name = Object.hasOwn(table, word)
    ? word
    : Object.keys(table).find((one) => table[one]!.aliases?.includes(word));
  return name === undefined ? undefined : { name: name as CommandName, syntax: table[name]! };
}
