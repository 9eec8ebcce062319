/**
 * Replaces stricli's messages about a command line that it cannot parse by libreseed's own wording.
 *
 * @module
 */

import {
  type Application,
  ArgumentScannerError,
  formatMessageForArgumentScannerError,
  text_en,
} from "@stricli/core";
import { explainMissingSetting } from "../../config/mod.ts";
import type { CliContext } from "./cli_context.ts";
import { writtenFlag } from "./common_flags.ts";

type ApplicationText = Application<CliContext>["defaultText"];

function didYouMean(candidates: readonly string[]): string {
  return candidates.length === 0 ? "" : `; did you mean ${candidates.join(" or ")}?`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function describeArgumentError(error: unknown): string {
  if (!(error instanceof ArgumentScannerError)) {
    return error instanceof Error ? error.message : String(error);
  }
  return formatMessageForArgumentScannerError(error, {
    FlagNotFoundError: ({ input, corrections }) => {
      const explained = explainMissingSetting(writtenFlag(input));
      if (explained) return explained;
      return `unknown flag --${input}${didYouMean(corrections.map((name) => `--${name}`))}`;
    },
    AliasNotFoundError: ({ input }) => `unknown flag -${input}`,
    ArgumentParseError: ({ externalFlagNameOrPlaceholder: name, exception }) => {
      const what = exception instanceof Error ? exception.message : String(exception);
      // `name` is omitted from the message if it is a placeholder that lists choices, such as
      // `put|get`: the message lists the choices already.
      if (name.includes("|")) return what;
      // `name` is either a placeholder in capitals or a flag's name without dashes.
      return `${/^[a-z]/.test(name) ? `--${name}` : name} ${what}`;
    },
    EnumValidationError: ({ externalFlagName, input, values }) =>
      `--${externalFlagName}: ${quoted(input)} is not one of ${values.join(", ")}`,
    UnsatisfiedFlagError: ({ externalFlagName, nextFlagName }) =>
      `--${externalFlagName} needs a value` + (nextFlagName ? ` before --${nextFlagName}` : ""),
    UnexpectedPositionalError: ({ input }) => `unexpected argument ${quoted(input)}`,
    UnsatisfiedPositionalError: ({ placeholder }) => `missing argument ${placeholder}`,
    InvalidNegatedFlagSyntaxError: ({ externalFlagName }) => `--${externalFlagName} takes no value`,
    UnexpectedFlagError: ({ externalFlagName }) => `--${externalFlagName} is given twice`,
  });
}

/** The messages for stricli's `localization` option. The help pages are in `help_text.ts`. */
export const applicationText: ApplicationText = {
  ...text_en,
  exceptionWhileParsingArguments: describeArgumentError,
};
