/**
 * The error of a publish that has moved the archive into the seed directory, and then got no signature for
 * the records that follow.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";
import { PublishingError } from "./errors.ts";

/** Codes of the errors with which a signing key in an SSH agent fails; `src/keys` throws them. */
const AGENT_CODES: ReadonlySet<string> = new Set(["AGENT_FAILED", "AGENT_NOT_FOUND"]);

/**
 * Adds to an error of the SSH agent what of the publish is done already. Returns other errors as they are.
 *
 * @param labels the packages in the seed directory, as `NAME@VERSION`
 */
export function unfinished(error: unknown, labels: readonly string[]): unknown {
  if (!(error instanceof LibreseedError) || !AGENT_CODES.has(error.code)) return error;
  const { kind, code, message, detail } = error;
  return new PublishingError(
    kind,
    code,
    `${message}. ${labels.join(", ")} ${
      labels.length === 1 ? "is" : "are"
    } in the seed directory, but ` +
      "not in your list of packages: publish again once the agent signs",
    { cause: error, detail: { ...detail, unfinished: labels } },
  );
}
