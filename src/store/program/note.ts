/**
 * The note beside the previous program: its version and its schema of `state.db`. The note names the
 * program by its hash, because a killed process may leave the note of another program.
 *
 * @module
 */

import { fromUtf8 } from "../../base/mod.ts";
import { isCode, readAtMost, StoreError } from "../files/mod.ts";

/** Maximum length of a note that is read, in bytes. */
const MAX_BYTES = 4096;

/** A note about a program that was replaced. */
export interface ProgramNote {
  /** Version of the program. */
  version: string;
  /** The highest schema version of `state.db` that the program reads. */
  stateSchema: number;
  /** SHA-256 of the program file, `sha256:HEX`. */
  sha256: string;
}

/** Reads a note. Returns `undefined` if there is none, or if it is not a note. */
export async function readNote(path: string): Promise<ProgramNote | undefined> {
  try {
    const { version, stateSchema, sha256 } = JSON.parse(
      fromUtf8(await readAtMost(path, MAX_BYTES)),
    );
    const isNote = typeof version === "string" && Number.isSafeInteger(stateSchema) &&
      typeof sha256 === "string";
    return isNote ? { version, stateSchema, sha256 } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    if (error instanceof StoreError && error.code === "FILE_MISSING" || isCode(error, "ENOENT")) {
      return undefined;
    }
    throw error;
  }
}
