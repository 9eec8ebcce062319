/**
 * Replaces the program file itself, and takes that back: `replaceProgram` and `rollBack`. The old
 * program stays as `libreseed.previous`, with a note about its version and its schema of `state.db`.
 *
 * A process may be killed at any instant: at the program's path, there is always the complete old or
 * the complete new program. This folder does not decide which program is taken, and does not verify
 * it. Start reading in `replace.ts`.
 *
 * @module
 */

export { type ProgramNote, readNote } from "./note.ts";
export { replaceProgram } from "./replace.ts";
export { rollBack, type RolledBack } from "./rollback.ts";
