/**
 * Mounts a tmpfs of a few kilobytes, for tests of full and read-only disks. Mounting needs
 * permissions that a test run may lack; the tests must be skipped in that case.
 *
 * @module
 */

import assert from "node:assert/strict";
import { temporaryHome } from "./temporary_home.ts";

/** A small disk for a test: a mounted tmpfs, which is unmounted on dispose. */
export interface SmallDisk {
  /** Absolute path at which the disk is mounted. */
  readonly path: string;
  /** Remounts the disk read-only. Requires that no file on the disk is open for writing. */
  makeReadOnly(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Whether {@linkcode smallDisk} works on this machine, for the option `ignore` of `Deno.test`. */
export const canMount: boolean = Deno.build.os === "linux" && Deno.uid() === 0 &&
  await tryMounting();

/** Mounts a disk of a size in bytes: `await using disk = await smallDisk(65_536);` */
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

/** Fills a disk to the last byte, with a new file. */
export async function fillDisk(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  for (const size of [65_536, 4_096]) {
    await assert.rejects(async () => {
      for (;;) await file.write(new Uint8Array(size));
    }, /os error 28/);
  }
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
