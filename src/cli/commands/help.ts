/**
 * `libreseed help [COMMAND]`: prints a help page.
 *
 * @module
 */

import { defineCommand, textArgument } from "../flags/command.ts";

export default defineCommand<Record<never, never>, [command?: string]>({
  home: "unused",
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{ ...textArgument("COMMAND", "Command to explain"), optional: true }],
    },
  },
  run: ({ args: [command], cli }) => cli(command === undefined ? ["--help"] : [command, "--help"]),
});
