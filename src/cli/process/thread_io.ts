/**
 * Implements {@linkcode Io} for a command that runs in a thread of its own. The thread reads and
 * writes the standard streams itself. Everything else comes from the launcher.
 *
 * @module
 */

import { systemClock } from "../../base/mod.ts";
import type { ThreadClient, ThreadStart } from "../../launcher/mod.ts";
import type { Io } from "./context.ts";
import { type EndSignal, Interrupted } from "./errors.ts";
import { isJournal, readFile, sinkOf } from "./process_io.ts";

/** Returns the {@linkcode Io} of a command thread. */
export function threadIo(start: ThreadStart, client: ThreadClient): Io {
  const { env, cwd, userHome, program, staging, stdin, settings, grants } = start;
  let interruption: AbortController | undefined;
  let interruptedBy: EndSignal | undefined;
  return {
    stdout: sinkOf(Deno.stdout),
    stderr: sinkOf(Deno.stderr),
    get stderrIsJournal() {
      return isJournal(env.JOURNAL_STREAM);
    },
    get stdin() {
      return stdin ? new Blob([stdin.slice()]).stream() : Deno.stdin.readable;
    },
    get stdinIsTerminal() {
      return Deno.stdin.isTerminal();
    },
    env,
    cwd,
    userHome,
    program,
    clock: systemClock,
    launcher: client.requests,
    settings,
    grants,
    stagingFor(directory) {
      const path = staging.get(directory);
      if (path === undefined) throw new TypeError(`no file may be created in ${directory}`);
      return path;
    },
    get signal() {
      if (!interruption) {
        const controller = interruption = new AbortController();
        client.onEnd((name) => {
          interruptedBy = name;
          controller.abort(new Interrupted(name));
        });
      }
      return interruption.signal;
    },
    onHangUp: (listener) => client.onHangUp(listener),
    get interruptedBy() {
      return interruptedBy;
    },
    readFile,
  };
}
