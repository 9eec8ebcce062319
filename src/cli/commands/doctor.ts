/**
 * `libreseed doctor`: checks the home, the machine and the network, and explains how to fix
 * problems.
 *
 * @module
 */

import { defineCommand } from "../flags/command.ts";
import { exitCodes } from "../process/exit_codes.ts";

export default defineCommand<Record<never, never>, []>({
  description:
    "Checks home, key, seed directory, state, clock, disk, limits, permissions, port and DHT. Prints " +
    "one line per check: ok, warn or fail, the name of the check, the finding and how to fix it. " +
    "Changes nothing. A running daemon is asked about port and DHT. Exit code 0 if no check failed, 5 " +
    "if only network checks failed, else 1.",
  settings: ["home", "dir", "port", "bind", "bootstrap", "dht", "allow-local", "timeout"],
  home: "optional",
  parameters: {},
  async run({ output, io, settings }) {
    const { values } = await settings();
    const { examine } = await import("../../doctor/mod.ts");
    let code: number = exitCodes.done;
    const { clock, grants, launcher, signal } = io;
    for await (const check of examine({ settings: values, clock, grants, launcher, signal })) {
      const { name, verdict, about, what, mend } = check;
      if (verdict === "fail" && code !== exitCodes.failed) {
        code = about === "network" ? exitCodes.network : exitCodes.failed;
      }
      const found = withMend(what, mend);
      output.result({ ...check }, `${verdict.padEnd(4)}  ${name.padEnd(14)}  ${found}`);
    }
    return code;
  },
});

/**
 * Joins a finding and its advice. If the finding has several lines, its last line is a command to
 * copy.
 */
function withMend(what: string, mend: string | undefined): string {
  if (mend === undefined) return what;
  return what.includes("\n") ? `${what}\n${mend}` : `${what.replace(/\.$/, "")}: ${mend}`;
}
