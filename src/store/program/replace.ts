/**
 * Puts another program in the place of the running one, by one rename.
 *
 * @module
 */

import { dirname } from "node:path";
import type { ProgramFiles } from "../../base/mod.ts";
import {
  fileError,
  hashOf,
  renameFile,
  syncDirectory,
  syncFile,
  type WritableData,
  writeFileAtomic,
} from "../files/mod.ts";
import type { ProgramNote } from "./note.ts";

/** Mode of a program whose own mode is unknown. */
const PROGRAM_MODE = 0o755;
/** Permission bits of a mode. */
const PERMISSIONS = 0o777;

/**
 * Writes a new program beside the old one, keeps the old one as `previous`, and then renames the new
 * one to the program's path. A process that runs the old program goes on with it. When this function
 * throws, the program is the old one.
 *
 * @param data the new program. If reading it throws, nothing is replaced
 * @param old facts about the old program
 * @param stagedPath returns an unused path on the program's file system; what lies there after a kill
 * may be deleted
 * @throws {StoreError} `DISK_FULL`, `NOT_WRITABLE`, `IO_FAILED`
 */
export async function replaceProgram(
  { program, previous, note }: ProgramFiles,
  data: WritableData,
  old: Omit<ProgramNote, "sha256">,
  stagedPath: () => string,
): Promise<void> {
  const mode = await modeOf(program);
  const staged = stagedPath();
  await writeFileAtomic(staged, data, { mode, temporaryPath: stagedPath() });
  const text = JSON.stringify({ ...old, sha256: await hashOf(program) } satisfies ProgramNote);
  await writeFileAtomic(note, `${text}\n`, { mode: 0o644, temporaryPath: stagedPath() });
  const bytes = (await Deno.open(program)).readable;
  await writeFileAtomic(previous, bytes, { mode, temporaryPath: stagedPath() });
  for (const path of [staged, previous]) await Deno.chmod(path, mode);
  await placeProgram(staged, program);
}

/** Renames a complete program to its final path, and flushes the new name to the disk. */
export async function placeProgram(from: string, program: string): Promise<void> {
  await renameFile(from, program);
  await syncDirectory(dirname(program)).catch(async (error) => {
    if (!(error.cause instanceof Deno.errors.NotCapable)) throw error;
    // The command's thread may not open the directory, see `writeFileAtomic`.
    await syncFile(program);
  });
}

async function modeOf(program: string): Promise<number> {
  try {
    const { mode } = await Deno.stat(program);
    return mode === null ? PROGRAM_MODE : mode & PERMISSIONS;
  } catch (cause) {
    throw fileError(cause, "read", program);
  }
}
