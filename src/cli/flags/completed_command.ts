/**
 * The data of completion scripts: commands, flags, and the words that complete each argument.
 *
 * @module
 */

/** Shells for which a completion script can be generated. */
export const shells = ["bash", "zsh", "fish"] as const;

/** A shell for which a completion script can be generated. */
export type Shell = (typeof shells)[number];

/** Kinds of words that `libreseed words` lists. */
export const wordKinds = ["packages", "installed", "seeded", "publishers"] as const;

/**
 * The kind of the words to list: packages that the home knows, packages in the store, packages in
 * the seed directory, or publishers that are followed or pinned.
 */
export type WordKind = (typeof wordKinds)[number];

/** The words that complete an argument or the value of a flag; none if all members are absent. */
export interface Offer {
  /** Whether files and directories complete it. */
  files?: true;
  /** The words, if they never change. */
  words?: readonly string[];
  /** Kind of the words that `libreseed words` lists. */
  kind?: WordKind;
}

/** The data about a flag that a completion script needs. */
export interface CompletedFlag {
  /** The flag's long name, without dashes. */
  name: string;
  /** The flag's one-letter name; absent if it has none. */
  letter?: string;
  /** The words for the flag's value; absent if the flag takes none. */
  value?: Offer;
  brief: string;
}

/** The data about a command that a completion script needs. */
export interface CompletedCommand {
  /** The command's name, followed by the aliases of the command. */
  names: string[];
  brief: string;
  flags: CompletedFlag[];
  /** The words for each positional argument. */
  args: Offer[];
  /** Whether the last positional argument may be repeated. */
  repeats: boolean;
}

/** Returns the spellings of a flag: `--output` and `-o`. */
export function spellings({ name, letter }: CompletedFlag): string[] {
  return letter ? [`--${name}`, `-${letter}`] : [`--${name}`];
}

/**
 * Lists the flags that take a value, so that a script can skip the values in front of the cursor. A
 * flag that takes one in some commands only is listed as `COMMAND--FLAG` for these.
 */
export function flagsWithValue(commands: readonly CompletedCommand[]): string[] {
  const all = commands.flatMap(({ names, flags }) => flags.map((flag) => ({ names, flag })));
  const switches = new Set(
    all.filter(({ flag }) => !flag.value).flatMap(({ flag }) => spellings(flag)),
  );
  const found = all.filter(({ flag }) => flag.value).flatMap(({ names, flag }) =>
    spellings(flag).flatMap((one) => switches.has(one) ? names.map((name) => name + one) : [one])
  );
  return [...new Set(found)];
}

/** Quotes text in single quotes, for bash and zsh. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
