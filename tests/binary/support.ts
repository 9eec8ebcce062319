/**
 * Helpers of the tests of the compiled program, which run only when `LIBRESEED_BIN` names the
 * program.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { build } from "../../scripts/compile.ts";
import { generateKeyPair, type KeyPair, writeKeyFile } from "../../src/identity/mod.ts";

const named = Deno.env.get("LIBRESEED_BIN");
/** Absolute path of the program; empty if there is none. */
export const binary: string = named ? resolve(named) : "";

/** Registers a test if there is a program to test. */
export function binaryTest(
  name: string,
  run: () => Promise<void>,
  { ignore = false }: { ignore?: boolean } = {},
): void {
  if (binary !== "") Deno.test({ name, ignore, fn: run });
}

/** Whether a command exists on this machine and succeeds. */
export async function works(program: string, ...args: string[]): Promise<boolean> {
  try {
    const command = new Deno.Command(program, { args, stdout: "null", stderr: "null" });
    return (await command.output()).success;
  } catch {
    return false;
  }
}

/** Compiles the program with the probe into a directory that the caller removes. */
export async function buildProbe(directory: string): Promise<string> {
  const { path } = await build({
    output: join(directory, "probe"),
    entry: "tests/binary/probe/program.ts",
    worker: "tests/binary/probe/worker.ts",
    stage: "stage-probe",
  });
  return path;
}

/** Writes a new key into a home. */
export async function makeKey(home: string): Promise<KeyPair> {
  const keys = generateKeyPair();
  await writeKeyFile(keyPath(home), keys);
  return keys;
}

/** Path of a home's key. */
export function keyPath(home: string): string {
  return join(home, "keys", "publisher.key");
}

/** Makes a directory to publish, with one file of this length. */
export async function packageSource(path: string, lengthBytes = 300_000): Promise<string> {
  await Deno.mkdir(path, { recursive: true });
  const bytes = Uint8Array.from({ length: lengthBytes }, (_, i) => (i * 31 + (i >> 8)) & 255);
  await Deno.writeFile(join(path, "data.bin"), bytes);
  return path;
}
