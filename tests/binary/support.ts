/**
 * Helpers for tests of the compiled program. These tests run only when `LIBRESEED_BIN` names the
 * program.
 */

import { join, resolve } from "node:path";
import { build } from "../../scripts/compile.ts";
import { generateKeyPair, type KeyPair, writeKeyFile } from "../../src/identity/mod.ts";

const named = Deno.env.get("LIBRESEED_BIN");
/** Absolute path of the compiled program; empty if `LIBRESEED_BIN` is not set. */
export const binary: string = named ? resolve(named) : "";

/** Registers a test of the compiled program, if `LIBRESEED_BIN` names one. */
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

/** Compiles a program with the hostile worker, into a directory that the caller removes. */
export async function buildProbe(directory: string): Promise<string> {
  const { path } = await build({
    output: join(directory, "probe"),
    entry: "tests/binary/probe/program.ts",
    worker: "tests/binary/probe/worker.ts",
    stage: "stage-probe",
  });
  return path;
}

/** Generates a key, and writes the key into a home. */
export async function makeKey(home: string): Promise<KeyPair> {
  const keys = generateKeyPair();
  await writeKeyFile(keyPath(home), keys);
  return keys;
}

/** Returns the path of the key in a home. */
export function keyPath(home: string): string {
  return join(home, "keys", "publisher.key");
}

/** Makes a directory to publish, with one file of the given length. */
export async function packageSource(path: string, lengthBytes = 300_000): Promise<string> {
  await Deno.mkdir(path, { recursive: true });
  const bytes = Uint8Array.from({ length: lengthBytes }, (_, i) => (i * 31 + (i >> 8)) & 255);
  await Deno.writeFile(join(path, "data.bin"), bytes);
  return path;
}
