/**
 * Helpers for tests of the compiled program. These tests run only when `LIBRESEED_BIN` names the
 * program.
 */

import { join, resolve } from "node:path";
import { build } from "../../scripts/compile.ts";
import { generateKeyPair, type KeyPair, writeKeyFile } from "../../src/identity/mod.ts";
import { type TemporaryHome, temporaryHome } from "../support/mod.ts";

const named = Deno.env.get("LIBRESEED_BIN");
/** Absolute path of the compiled program; empty if `LIBRESEED_BIN` is not set. */
export const binary: string = named ? resolve(named) : "";

/**
 * Matches errors of a missing permission, as Deno or Node's functions report them, V8's error for
 * evaluating text as code, the import map's and the module loader's, the error for a class that a
 * thread has lost, SQLite's for another database, and the launcher's for a request that a command
 * was not granted.
 */
export const refused =
  /^(NotCapable|EvalError): |^ReferenceError: Worker is not defined|^(Type)?Error: (.*Requires .+ access|send UNKNOWN|Blocked by null entry|Module not found: http|too many attached databases|(LINK_|PLACE_)?NOT_GRANTED)/;

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

/** Compiles a program with hostile threads, into a directory that the caller removes. */
export async function buildProbe(directory: string): Promise<string> {
  const { path } = await build({
    output: join(directory, "probe"),
    entry: "tests/binary/probe/program.ts",
    command: "tests/binary/probe/command.ts",
    worker: "tests/binary/probe/worker.ts",
    gate: "tests/binary/probe/gate.ts",
    helper: "tests/binary/probe/helper.ts",
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

/** Builds the program of {@linkcode buildProbe} before the tests of a file, and removes it after them. */
export function probeForFile(): { path: string } {
  const probe = { path: "" };
  if (binary === "") return probe;
  let directory: TemporaryHome;
  Deno.test.beforeAll(async () => {
    directory = await temporaryHome();
    probe.path = await buildProbe(directory.path);
  });
  Deno.test.afterAll(() => directory.remove());
  return probe;
}
