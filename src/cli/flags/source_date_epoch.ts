/**
 * Parser for the environment variable `SOURCE_DATE_EPOCH`
 * (reproducible-builds.org/specs/source-date-epoch).
 *
 * @module
 */

import { CliError } from "../process/errors.ts";

/**
 * Parses the value of `SOURCE_DATE_EPOCH`. Returns Unix seconds; `undefined` if the variable is
 * unset or empty.
 *
 * @throws {CliError} `BAD_SOURCE_DATE_EPOCH` (kind `usage`)
 */
export function sourceDateEpoch(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,11}$/.test(text)) return Number(text);
  throw new CliError(
    "usage",
    "BAD_SOURCE_DATE_EPOCH",
    `SOURCE_DATE_EPOCH is ${JSON.stringify(text)}, not a whole number of seconds since 1970`,
  );
}
