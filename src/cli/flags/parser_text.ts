/**
 * Replaces stricli's messages about a command line that it cannot parse by libreseed's own wording.
 *
 * @module
 */

import {
  AliasNotFoundError,
  type Application,
  ArgumentParseError,
  EnumValidationError,
  FlagNotFoundError,
  InvalidNegatedFlagSyntaxError,
  text_en,
  UnexpectedFlagError,
  UnexpectedPositionalError,
  UnsatisfiedFlagError,
  UnsatisfiedPositionalError,
} from "@stricli/core";
import { messageOf } from "../../base/mod.ts";
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

// The classes are compared, because the program file keeps no names of classes, by which stricli's
// `formatMessageForArgumentScannerError` tells them apart.
function describeArgumentError(error: unknown): string {
  if (error instanceof FlagNotFoundError) {
    const { input, corrections } = error;
    const explained = explainMissingSetting(writtenFlag(input));
    if (explained) return explained;
    return `unknown flag --${input}${didYouMean(corrections.map((name) => `--${name}`))}`;
  }
  if (error instanceof AliasNotFoundError) return `unknown flag -${error.input}`;
  if (error instanceof ArgumentParseError) {
    const { externalFlagNameOrPlaceholder: name, exception } = error;
    const what = messageOf(exception);
    // `name` is omitted from the message if it is a placeholder that lists choices, such as
    // `put|get`: the message lists the choices already.
    if (/^[a-z]+\|/.test(name)) return what;
    // `name` is either a placeholder in capitals or a flag's name without dashes.
    return `${/^[a-z]/.test(name) ? `--${name}` : name} ${what}`;
  }
  if (error instanceof EnumValidationError) {
    const { externalFlagName, input, values } = error;
    return `--${externalFlagName}: ${quoted(input)} is not one of ${values.join(", ")}`;
  }
  if (error instanceof UnsatisfiedFlagError) {
    const { externalFlagName, nextFlagName } = error;
    return `--${externalFlagName} needs a value` +
      (nextFlagName ? ` before --${nextFlagName}` : "");
  }
  if (error instanceof UnexpectedPositionalError) {
    return `unexpected argument ${quoted(error.input)}`;
  }
  if (error instanceof UnsatisfiedPositionalError) return `missing argument ${error.placeholder}`;
  if (error instanceof InvalidNegatedFlagSyntaxError) {
    return `--${error.externalFlagName} takes no value`;
  }
  if (error instanceof UnexpectedFlagError) return `--${error.externalFlagName} is given twice`;
  return messageOf(error);
}

/** The messages for stricli's `localization` option. The help pages are in `help_text.ts`. */
export const applicationText: ApplicationText = {
  ...text_en,
  exceptionWhileParsingArguments: describeArgumentError,
};
