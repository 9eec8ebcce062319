/**
 * `libreseed man [COMMAND]`: prints manual pages.
 *
 * @module
 */

import { defineCommand, switchFlag, textArgument } from "../flags/command.ts";
import { CliError } from "../process/errors.ts";

export default defineCommand<{ all?: boolean }, [command?: string]>({
  description: [
    "Prints the manual page of libreseed, or of one command, for man to show:",
    "  libreseed man get | man -l -",
    "With --all prints every page, one after the other. The first line of a page is a comment that " +
    'names its file: .\\" libreseed-get.1',
  ].join("\n"),
  home: "unused",
  parameters: {
    flags: { all: switchFlag("Print the pages of libreseed and of all commands") },
    positional: {
      kind: "tuple",
      parameters: [{ ...textArgument("COMMAND", "Command to explain"), optional: true }],
    },
  },
  async run({ args: [command], flags: { all }, output, commands }) {
    if (all && command !== undefined) {
      throw new CliError("usage", "BAD_ARGUMENTS", "--all prints all pages: name no command");
    }
    const { manPages } = await import("../flags/man_pages.ts");
    const pages = manPages(
      await Promise.all(commands.map(async (entry) => {
        return { entry, definition: (await entry.load()).default };
      })),
    );
    const entry = commands.find(({ name, aliases = [] }) => [name, ...aliases].includes(command!));
    if (command !== undefined && !entry) {
      const message = `There is no command ${JSON.stringify(command)} (see \`libreseed help\`)`;
      throw new CliError("usage", "UNKNOWN_COMMAND", message);
    }
    const wanted = entry === undefined ? "libreseed.1" : `libreseed-${entry.name}.1`;
    for (const { file, text } of pages) {
      if (all || file === wanted) output.result({ file, page: text }, text.trimEnd());
    }
  },
});
