/**
 * Helpers for tests of the Debian package: they make it from the compiled program, so they run only
 * when `LIBRESEED_BIN` names one.
 *
 * @module
 */

import assert from "node:assert/strict";
import { resolve } from "node:path";
import { buildDeb, type DebOptions } from "../../scripts/deb.ts";
import { isInstalled } from "../support/installed.ts";
import { runCli } from "../support/mod.ts";

const named = Deno.env.get("LIBRESEED_BIN");

/** Absolute path of the compiled program; empty if the tests run from the sources. */
export const binary: string = named ? resolve(named) : "";

/** Registers a test of the package. The title names the programs that the test needs. */
export function packageTest(name: string, needs: readonly string[], fn: () => Promise<void>): void {
  if (binary === "") return;
  Deno.test({ name: `${name} (${needs.join(", ")})`, ignore: !needs.every(isInstalled), fn });
}

/** Makes the package, without compression, which is most of the time. */
export async function makeDeb(out: string, options: Partial<DebOptions> = {}): Promise<string> {
  return await buildDeb({ program: binary, out, level: 0, ...options });
}

/** Runs a program of the system, which has to succeed, and returns its standard output. */
export async function must(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  // The programs of a system administrator are not on the PATH of every user.
  const path = `${Deno.env.get("PATH")}:/usr/sbin:/sbin`;
  const options = { program: [program], env: { ...env, PATH: path }, timeoutMs: 600_000 };
  const { code, stdout, stderr } = await runCli(args, options);
  assert.equal(code, 0, `${program} ${args.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}
