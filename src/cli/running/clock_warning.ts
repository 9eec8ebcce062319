/**
 * The clock check of commands that sign records. Readers ignore a record that is dated in the
 * future, so a clock that is ahead makes a package impossible to find.
 *
 * @module
 */

import { LibreseedError, publisherKeyPath } from "../../base/mod.ts";
import type { CommandEnvironment } from "../flags/command.ts";
import type { Network } from "./with_node.ts";

/**
 * Compares the clock with the dates of records in the DHT, in the background, and warns if the
 * clock seems to be wrong.
 *
 * @returns disposing of it waits for the end of the comparison
 */
export function compareClock(
  run: Pick<CommandEnvironment, "output" | "io">,
  network: Pick<Network, "operations" | "values" | "state">,
): AsyncDisposable {
  const compared = compare(run, network).catch((error) => {
    // The command itself reports problems with the network.
    if (!(error instanceof LibreseedError) && !run.io.signal.aborted) throw error;
  });
  // The rejection is reported when the result is disposed of.
  compared.catch(() => {});
  return { [Symbol.asyncDispose]: () => compared };
}

async function compare(
  { output, io }: Pick<CommandEnvironment, "output" | "io">,
  { operations, values, state }: Pick<Network, "operations" | "values" | "state">,
): Promise<void> {
  const { askDhtClock, describeClock, usedNames } = await import("../../host/mod.ts");
  const { readKeyFile } = await import("../../identity/mod.ts");
  const { publicKey } = await readKeyFile(publisherKeyPath(values.home));
  const names = usedNames(state(), publicKey);
  const verdict = await askDhtClock(operations, names, io.clock.now(), io.signal);
  const { what, isWrong } = describeClock(verdict);
  if (!isWrong) return;
  output.warning(
    `the clock: ${what}. Readers ignore records that are dated in the future, and use the date to look ` +
      "for a name. Set the clock (timedatectl set-ntp true), then publish again",
  );
}
