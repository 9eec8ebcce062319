/**
 * `libreseed doctor`: what is wrong, and how to mend it.
 *
 * @module
 */

import { defineCommand } from "../flags/command.ts";
import { exitCodes } from "../process/exit_codes.ts";

export default defineCommand<Record<never, never>, []>({
  description:
    "Checks home, key, seed directory, state, clock, disk, limits, permissions, port and DHT. Prints a " +
    "line a check: ok, warn or fail, what was looked at, what was found and how to mend it. Mends " +
    "nothing itself. Where a daemon runs, it is asked about port and DHT. Exit code 0 if no check " +
    "failed, 5 if only the network did, else 1.",
  settings: ["home", "dir", "port", "bootstrap", "dht", "allow-local", "timeout"],
  home: "optional",
  parameters: {},
  async run({ output, io, settings }) {
    const { values } = await settings();
    const { examine } = await import("../../doctor/mod.ts");
    let code: number = exitCodes.done;
    for await (const check of examine({ settings: values, clock: io.clock, signal: io.signal })) {
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

/** The finding and how to mend it. A command at the end of the first stands by itself, to be copied. */
function withMend(what: string, mend: string | undefined): string {
  if (mend === undefined) return what;
  return what.includes("\n") ? `${what}\n${mend}` : `${what.replace(/\.$/, "")}: ${mend}`;
}
