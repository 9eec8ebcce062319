/**
 * The clock check of commands that sign records. A signed record carries the date of this machine's
 * clock. Readers ignore a record dated in the future, so a package signed with a fast clock cannot
 * be found.
 *
 * @module
 */

import { LibreseedError, publisherKeyPath } from "../../base/mod.ts";
import type { CommandEnvironment } from "../flags/command.ts";
import { rootOf } from "./publisher_key.ts";
import type { Network } from "./with_node.ts";

/**
 * Compares this machine's clock with the dates of records in the DHT, in the background. Warns if
 * the clock seems to be wrong.
 *
 * @returns an object whose disposal waits for the comparison to end
 */
export function compareClock(
  run: Pick<CommandEnvironment, "output" | "io">,
  network: Pick<Network, "operations" | "values" | "state">,
): AsyncDisposable {
  const compared = compare(run, network).catch((error) => {
    // Ignore network errors here: the command that uses the network reports such errors itself.
    if (!(error instanceof LibreseedError) && !run.io.signal.aborted) throw error;
  });
  // Avoid an unhandled rejection: the error is thrown when the caller disposes of the result.
  compared.catch(() => {});
  return { [Symbol.asyncDispose]: () => compared };
}

async function compare(
  { output, io }: Pick<CommandEnvironment, "output" | "io">,
  { operations, values, state }: Pick<Network, "operations" | "values" | "state">,
): Promise<void> {
  const { askDhtClock, describeClock, usedNames } = await import("../../host/mod.ts");
  const identity = rootOf(await io.launcher.signingKey(publisherKeyPath(values.home)));
  const names = usedNames(state(), identity);
  const verdict = await askDhtClock(operations, names, io.clock.now(), io.signal);
  const { what, isWrong } = describeClock(verdict);
  if (!isWrong) return;
  output.warning(
    `the clock: ${what}. Readers ignore records that are dated in the future, and use the date to look ` +
      "for a name. Set the clock (timedatectl set-ntp true), then publish again",
  );
}
