/**
 * Takes an upgrade of the program back, with the copy of `state.db` if its schema has changed.
 *
 * @module
 */

import type { ProgramFiles } from "../../base/mod.ts";
import { hashOf, StoreError, unlinkIfThere } from "../files/mod.ts";
import { restoreState } from "../state/mod.ts";
import { readNote } from "./note.ts";
import { placeProgram } from "./replace.ts";

/** The result of a rollback. */
export interface RolledBack {
  /** Version of the restored program; absent if no note tells it. */
  version?: string;
  /** Path to which the present `state.db` was moved, if the copy has taken its place. */
  stateMovedTo?: string;
}

/**
 * Restores the program before the last upgrade. The state comes first: a process that is killed in
 * between leaves the newer program, which migrates the restored state again.
 *
 * The caller holds the home's lock, so that no daemon uses `state.db`.
 *
 * @param statePath path of `state.db`, which need not exist
 * @throws {StoreError} `NO_PREVIOUS_PROGRAM`, `STATE_COPY_MISSING`, `STATE_BUSY`, `STATE_NEWER`,
 * `DISK_FULL`, `NOT_WRITABLE`; nothing is changed then
 */
export async function rollBack(
  { program, previous, note }: ProgramFiles,
  statePath: string,
): Promise<RolledBack> {
  const sha256 = await hashOf(previous).catch((error) => {
    if (!(error instanceof StoreError) || error.code !== "FILE_MISSING") throw error;
    const message =
      `There is no ${previous}: no upgrade has kept a program. Install the version that ` +
      "you want by hand";
    throw new StoreError("not-found", "NO_PREVIOUS_PROGRAM", message, { detail: { previous } });
  });
  const found = await readNote(note);
  const old = found?.sha256 === sha256 ? found : undefined;
  const stateMovedTo = old && await restoreState(statePath, old.stateSchema);
  await placeProgram(previous, program);
  await unlinkIfThere(note);
  return { version: old?.version, stateMovedTo };
}
