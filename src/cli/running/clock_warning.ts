/**
 * A word about the clock from commands that sign: readers leave out what a clock that is ahead has dated.
 *
 * @module
 */

import { LibreseedError } from "../../base/mod.ts";
import type { CommandRun } from "../flags/command.ts";
import { publisherKeyPath } from "../flags/publisher_key.ts";
import { openState } from "./open_state.ts";
import type { Network } from "./with_node.ts";

/**
 * Compares the clock with the DHT while the command works, and warns if it seems to be wrong.
 *
 * @returns disposing of it waits until the comparison has ended
 */
export function compareClock(
  // deno-lint-ignore no-explicit-any -- the flags and arguments do not matter here
  run: Pick<CommandRun<any, any>, "output" | "io">,
  network: Pick<Network, "operations" | "values">,
): AsyncDisposable {
  const compared = compare(run, network).catch((error) => {
    // The command itself says what is wrong with the network.
    if (!(error instanceof LibreseedError) && !run.io.signal.aborted) throw error;
  });
  // Heard when it is waited for.
  compared.catch(() => {});
  return { [Symbol.asyncDispose]: () => compared };
}

async function compare(
  // deno-lint-ignore no-explicit-any -- the flags and arguments do not matter here
  { output, io }: Pick<CommandRun<any, any>, "output" | "io">,
  { operations, values }: Pick<Network, "operations" | "values">,
): Promise<void> {
  const { askDhtClock, describeClock, usedNames } = await import("../../host/mod.ts");
  using state = await openState({ output, io }, values);
  const { readKeyFile } = await import("../../identity/mod.ts");
  const { publicKey } = await readKeyFile(publisherKeyPath(values));
  const names = usedNames(state, publicKey);
  const verdict = await askDhtClock(operations, names, io.clock.now(), io.signal);
  const { what, isWrong } = describeClock(verdict);
  if (!isWrong) return;
  output.warning(
    `the clock: ${what}. Readers leave out what is dated in the future and look for a name by the date. ` +
      "Set the clock (timedatectl set-ntp true), then publish again",
  );
}
