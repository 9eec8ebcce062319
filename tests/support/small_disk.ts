/**
 * A disk of a few kilobytes, to see what happens when one is full or read-only. Mounting takes rights
 * that a test run may not have; then there is none, and the test is to be skipped.
 *
 * @module
 */

import { temporaryHome } from "./temporary_home.ts";

/** A mounted tmpfs. */
export interface SmallDisk {
  /** Where it is mounted. */
  readonly path: string;
  /** Makes it read-only, as a file system with errors becomes. No file on it may be open for writing. */
  makeReadOnly(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Whether {@linkcode smallDisk} works here: give it to `ignore` of `Deno.test`. */
export const canMount: boolean = Deno.build.os === "linux" && Deno.uid() === 0 &&
  await tryMounting();

/** Mounts a disk of this size: `await using disk = await smallDisk(65_536);` */
export async function smallDisk(sizeBytes: number): Promise<SmallDisk> {
  const home = await temporaryHome();
  await run("mount", "-t", "tmpfs", "-o", `size=${sizeBytes}`, "tmpfs", home.path);
  return {
    path: home.path,
    makeReadOnly: () => run("mount", "-o", "remount,ro", home.path),
    async [Symbol.asyncDispose]() {
      await run("umount", "-l", home.path);
      await home.remove();
    },
  };
}

async function tryMounting(): Promise<boolean> {
  try {
    await using _disk = await smallDisk(4096);
    return true;
  } catch {
    return false;
  }
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args, stdout: "null" }).output();
  if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
}
