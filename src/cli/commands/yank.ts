/**
 * `libreseed yank NAME@RANGE`: marks versions that readers should not take any more.
 *
 * @module
 */

import {
  agentKeyFlag,
  defineCommand,
  switchFlag,
  textArgument,
  textFlag,
} from "../flags/command.ts";
import { networkSettings } from "../flags/common_flags.ts";
import { CliError } from "../process/errors.ts";
import { changeOwnFlags, parseOwnRange } from "../running/own_flags.ts";

export default defineCommand<{ reason?: string; undo?: boolean; key?: string }, [spec: string]>({
  description:
    "Ranges, tags and bare names pass yanked versions over. An exact version and a lock file still get " +
    "one, with a warning that has the reason; installed copies keep working. Nothing is deleted: " +
    "versions never change, and whoever has a copy may seed it. The range includes prereleases. Prints " +
    "each version whose state has changed.",
  examples: [
    "libreseed yank my-tool@1.1.0 --reason 'loses data'",
    "libreseed yank my-tool@'<1.0'",
    "libreseed yank --undo my-tool@1.1.0",
  ],
  settings: ["home", "dir", ...networkSettings],
  home: "existing",
  parameters: {
    flags: {
      reason: textFlag("TEXT", "Why, at most 256 bytes; shown to whoever takes the version"),
      undo: switchFlag("Take back that the versions are yanked"),
      key: agentKeyFlag,
    },
    positional: {
      kind: "tuple",
      parameters: [textArgument("NAME@RANGE", "Versions of an own package")],
    },
  },
  async run(given) {
    const { args: [text], flags: { reason, undo } } = given;
    if (undo && reason !== undefined) {
      throw new CliError("usage", "BAD_ARGUMENTS", "--undo takes no --reason");
    }
    const spec = await parseOwnRange(text, "libreseed yank NAME@RANGE");
    const { name, range } = spec;
    const { unyanking, yanking } = await import("../../publishing/mod.ts");
    const change = undo ? unyanking(name, range) : yanking(name, range, reason);
    const unchanged = undo ? `${text} is not yanked` : `${text} is yanked already`;
    await changeOwnFlags(given, spec, change, unchanged);
  },
});
