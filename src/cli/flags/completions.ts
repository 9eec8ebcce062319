/**
 * Completion scripts, made from the table of commands. `bash_completion.ts`,
 * `zsh_completion.ts` and `fish_completion.ts` write them. A script completes commands, flags
 * and fixed words by itself; for names of packages and keys of publishers it runs `libreseed words`.
 *
 * @module
 */

import { findSetting } from "../../config/mod.ts";
import { bashScript } from "./bash_completion.ts";
import type { CommandDefinition } from "./command.ts";
import { writtenFlag } from "./common_flags.ts";
import {
  type CompletedCommand,
  type CompletedFlag,
  type Offer,
  type Shell,
  shells,
  type WordKind,
} from "./completed_command.ts";
import { fishScript } from "./fish_completion.ts";
import { argumentsOf } from "./help_text.ts";
import { zshScript } from "./zsh_completion.ts";

/**
 * Extracts the data that a completion script needs from a command. Flags hidden from help are
 * omitted. A flag that can be negated is two flags.
 *
 * @param commandNames the names of all commands, for an argument that names one
 */
export function completedCommand(
  entry: { name: string; aliases?: readonly string[]; brief: string },
  { parameters, ownFlags, names }: CommandDefinition,
  commandNames: readonly string[],
): CompletedCommand {
  const letters = Object.entries(parameters.aliases ?? {});
  const flags = Object.entries(parameters.flags ?? {}).filter(([, flag]) => !flag.hidden)
    .flatMap(([camel, flag]): CompletedFlag[] => {
      const name = writtenFlag(camel);
      const { brief } = flag;
      const letter = letters.find(([, long]) => long === camel)?.[0];
      if (flag.kind !== "boolean") {
        const setting = ownFlags.includes(camel) ? undefined : findSetting(name);
        const value = setting ? offerOfSetting(setting) : offerOf(flag.placeholder ?? "");
        return [{ name, letter, value, brief }];
      }
      if (flag.withNegated === false) return [{ name, letter, brief }];
      return [{ name, letter, brief }, { name: `no-${name}`, brief: `The opposite of --${name}` }];
    });
  flags.push({ name: "help", letter: "h", brief: "Print help" });
  const args = argumentsOf(parameters).map(({ placeholder = "" }) =>
    placeholder === "COMMAND" ? { words: commandNames } : offerOf(placeholder, names)
  );
  const repeats = parameters.positional?.kind === "array";
  return { names: [entry.name, ...entry.aliases ?? []], brief: entry.brief, flags, args, repeats };
}

/** Returns the words for the value of a setting. */
function offerOfSetting({ type }: NonNullable<ReturnType<typeof findSetting>>): Offer {
  if (type.kind === "choice") return { words: type.values };
  return type.kind === "path" ? { files: true } : {};
}

/**
 * Returns the words for a value by its placeholder, as help shows it: `list|add` for one of several
 * words, `FILE|PACKAGE` for a file or a package.
 *
 * @param names which packages are offered
 */
function offerOf(placeholder: string, names: WordKind = "packages"): Offer {
  if (placeholder === "SHELL") return { words: shells };
  if (/^[a-z]+(?:\|[a-z]+)+$/.test(placeholder)) return { words: placeholder.split("|") };
  const isKey = /^KEY(?:$|\||\[)/.test(placeholder);
  const isName = /\bNAME\b|PACKAGE|^PREFIX$/.test(placeholder) && !isKey;
  const isFile = /FILE|PATH|DIR/.test(placeholder);
  return {
    ...(isFile && { files: true }),
    ...(isKey ? { kind: "publishers" } : isName ? { kind: names } : {}),
  };
}

/** Generates the completion script of all commands for a shell. */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  switch (shell) {
    case "bash":
      return bashScript(commands);
    case "zsh":
      return zshScript(commands);
    case "fish":
      return fishScript(commands);
  }
}
