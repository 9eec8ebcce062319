/**
 * The entry point of the program: runs the command line and exits with the resulting exit code.
 *
 * @module
 */

import { needsNoThread, quickAnswer } from "./src/cli/quick.ts";

if (import.meta.main) {
  const answer = quickAnswer(Deno.args);
  if (answer !== undefined && wrote(answer)) Deno.exit(0);
  if (needsNoThread(Deno.args)) {
    // Nothing but the program's own texts is read.
    const { processIo, runCli } = await import("./src/cli/mod.ts");
    Deno.exit(await runCli(Deno.args, processIo()));
  }
  const { launch } = await import("./src/launcher/launch.ts");
  // An explicit exit: a timer or socket that a library left open must not keep the process alive.
  Deno.exit(
    await launch({
      args: Deno.args,
      variables: Deno.env.toObject(),
      code: new URL("./src/cli/thread.ts", import.meta.url),
      exit: Deno.exit,
    }),
  );
}

/**
 * Writes text to standard output, and returns whether all of the text was written. If it was not,
 * the caller runs the command line in the normal way, which reports the error.
 */
function wrote(text: string): boolean {
  try {
    const bytes = new TextEncoder().encode(text);
    return Deno.stdout.writeSync(bytes) === bytes.length;
  } catch {
    return false;
  }
}
