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
  // Ended explicitly: a timer or socket that a library forgot must not keep the process alive.
  Deno.exit(await runCli(Deno.args, processIo()));
}

/** Whether all of it was written; if not, the command tree tries anew and says what is wrong. */
function wrote(text: string): boolean {
  try {
    const bytes = new TextEncoder().encode(text);
    return Deno.stdout.writeSync(bytes) === bytes.length;
  } catch {
    return false;
  }
}
