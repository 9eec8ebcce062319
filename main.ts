/**
 * The program: reads the command line, runs it, and ends with its exit code.
 *
 * @module
 */

import { quickAnswer } from "./src/cli/quick.ts";

if (import.meta.main) {
  const answer = quickAnswer(Deno.args);
  if (answer !== undefined && wrote(answer)) Deno.exit(0);
  const { processIo, runCli } = await import("./src/cli/mod.ts");
  // An explicit exit: a timer or socket that a library left open must not keep the process alive.
  Deno.exit(await runCli(Deno.args, processIo()));
}

/**
 * Writes text to standard output; returns whether all of it was written. If not, the command tree
 * runs the same command line and reports the error.
 */
function wrote(text: string): boolean {
  try {
    const bytes = new TextEncoder().encode(text);
    return Deno.stdout.writeSync(bytes) === bytes.length;
  } catch {
    return false;
  }
}
