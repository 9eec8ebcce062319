/**
 * Generates shell completion scripts from the table of commands. The scripts are static: the shell
 * completes a word without starting libreseed.
 *
 * @module
 */

import type { CommandDefinition } from "./command.ts";
import { writtenFlag } from "./common_flags.ts";

/** Shells for which a completion script can be generated. */
export const shells = ["bash", "zsh", "fish"] as const;

/** A shell for which a completion script can be generated. */
export type Shell = (typeof shells)[number];

/** The data about a flag that a completion script needs. */
export interface CompletedFlag {
  /** The flag's long name, without dashes. */
  name: string;
  /** The flag's one-letter name; absent if it has none. */
  letter?: string;
  takesValue: boolean;
  brief: string;
}

/** The data about a command that a completion script needs. */
export interface CompletedCommand {
  /** The command's name, followed by the aliases of the command. */
  names: string[];
  brief: string;
  flags: CompletedFlag[];
  /** The kind of the first positional argument, or the list of its possible values. */
  argument: "file" | "command" | "none" | readonly string[];
}

/**
 * Extracts the data that a completion script needs from a command. Flags hidden from help are
 * omitted.
 */
export function completedCommand(
  entry: { name: string; aliases?: readonly string[]; brief: string },
  { parameters }: CommandDefinition,
): CompletedCommand {
  const letters = Object.entries(parameters.aliases ?? {});
  const flags = Object.entries(parameters.flags ?? {}).filter(([, flag]) => !flag.hidden)
    .map(([name, flag]): CompletedFlag => ({
      name: writtenFlag(name),
      letter: letters.find(([, long]) => long === name)?.[0],
      takesValue: flag.kind === "parsed" || flag.kind === "enum",
      brief: flag.brief,
    }));
  flags.push({ name: "help", letter: "h", takesValue: false, brief: "Print help" });
  const first = parameters.positional?.kind === "array"
    ? parameters.positional.parameter
    : parameters.positional?.parameters[0];
  const placeholder = first?.placeholder ?? "";
  const argument = /FILE|PATH|DIR/.test(placeholder)
    ? "file"
    : placeholder === "COMMAND"
    ? "command"
    : placeholder === "SHELL"
    ? shells
    : "none";
  return { names: [entry.name, ...entry.aliases ?? []], brief: entry.brief, flags, argument };
}

/** Quotes text in single quotes, for bash and zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function bash(commands: readonly CompletedCommand[]): string {
  const names = commands.flatMap((command) => command.names);
  const spelled = (flags: readonly CompletedFlag[]) =>
    flags.flatMap(({ name, letter }) => letter ? [`--${name}`, `-${letter}`] : [`--${name}`])
      .join(" ");
  const cases = commands.map(({ names: own, flags, argument }) => {
    const words = argument === "command" ? names : Array.isArray(argument) ? argument : [];
    return [
      `    ${own.join("|")})`,
      `      flags=${quoted(spelled(flags))}`,
      `      values=${quoted(` ${spelled(flags.filter((flag) => flag.takesValue))} `)}`,
      `      words=${quoted(words.join(" "))}`,
      `      files=${argument === "file" ? 1 : 0} ;;`,
    ].join("\n");
  });
  return `# bash completion for libreseed
_libreseed() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command= i
  local flags= values=' ' words= files=0
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      -*) ;;
      *) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case $command in
    '')
      mapfile -t COMPREPLY < <(compgen -W ${
    quoted(names.join(" ") + " --help --version")
  } -- "$word")
      return ;;
${cases.join("\n")}
  esac
  if [[ $values == *" $before "* ]]; then
    compopt -o default 2> /dev/null
  elif [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$word")
  elif [[ $files == 1 ]]; then
    compopt -o default 2> /dev/null
  else
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  fi
}
complete -F _libreseed libreseed
`;
}

/**
 * Escapes colons and brackets, which have a special meaning for zsh's `_arguments` and `_describe`.
 */
function zshText(text: string): string {
  return text.replace(/[\\:[\]]/g, (letter) => `\\${letter}`);
}

function zsh(commands: readonly CompletedCommand[]): string {
  const listed = commands.flatMap(({ names, brief }) =>
    names.map((name) => `    ${quoted(`${name}:${zshText(brief)}`)}`)
  );
  const cases = commands.map(({ names, flags, argument }) => {
    const specs = flags.map(({ name, letter, takesValue, brief }) => {
      const text = `[${zshText(brief)}]`;
      const value = takesValue ? ":value:_files" : "";
      if (!letter) return quoted(`--${name}${takesValue ? "=" : ""}${text}${value}`);
      const either = `'(-${letter} --${name})'{-${letter},--${name}${takesValue ? "=" : ""}}`;
      return either + quoted(`${text}${value}`);
    });
    const last = argument === "file"
      ? quoted("*:file:_files")
      : argument === "command"
      ? quoted(`1:command:(${commands.flatMap((command) => command.names).join(" ")})`)
      : argument === "none"
      ? undefined
      : quoted(`1:argument:(${argument.join(" ")})`);
    const all = last ? [...specs, last] : specs;
    return `    ${names.join("|")})\n      _arguments \\\n        ${all.join(" \\\n        ")} ;;`;
  });
  return `#compdef libreseed
# zsh completion for libreseed
_libreseed() {
  local -a commands
  commands=(
${listed.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join("\n")}
  esac
}
if [[ $funcstack[1] == _libreseed ]]; then
  _libreseed "$@"
else
  compdef _libreseed libreseed
fi
`;
}

function fish(commands: readonly CompletedCommand[]): string {
  const fishQuoted = (text: string) => `'${text.replace(/[\\']/g, (letter) => `\\${letter}`)}'`;
  const lines = ["# fish completion for libreseed", "complete -c libreseed -f"];
  for (const { names, brief } of commands) {
    const words = fishQuoted(names.join(" "));
    lines.push(
      `complete -c libreseed -n __fish_use_subcommand -a ${words} -d ${fishQuoted(brief)}`,
    );
  }
  for (const { names, flags, argument } of commands) {
    const head = `complete -c libreseed -n ${
      fishQuoted(`__fish_seen_subcommand_from ${names.join(" ")}`)
    }`;
    for (const { name, letter, takesValue, brief } of flags) {
      const short = letter ? ` -s ${letter}` : "";
      lines.push(`${head}${short} -l ${name}${takesValue ? " -r -F" : ""} -d ${fishQuoted(brief)}`);
    }
    if (argument === "file") lines.push(`${head} -F`);
    else if (argument === "command") {
      const all = commands.flatMap((command) => command.names);
      lines.push(`${head} -a ${fishQuoted(all.join(" "))}`);
    } else if (argument !== "none") lines.push(`${head} -a ${fishQuoted(argument.join(" "))}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Generates the completion script of all commands for a shell. */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  switch (shell) {
    case "bash":
      return bash(commands);
    case "zsh":
      return zsh(commands);
    case "fish":
      return fish(commands);
  }
}
