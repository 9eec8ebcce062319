/**
 * `libreseed completions SHELL`: prints a completion script.
 *
 * @module
 */

import { defineCommand } from "../flags/command.ts";
import { type CompletedCommand, type Shell, shells } from "../flags/completed_command.ts";
import { completedCommand, completionScript } from "../flags/completions.ts";

export default defineCommand<Record<never, never>, [shell: Shell]>({
  description: [
    "Write the script to a place where your shell loads completions from:",
    "  bash  libreseed completions bash > ~/.local/share/bash-completion/completions/libreseed",
    "  zsh   libreseed completions zsh > ~/.zfunc/_libreseed  (a directory of your $fpath)",
    "  fish  libreseed completions fish > ~/.config/fish/completions/libreseed.fish",
  ].join("\n"),
  home: "unused",
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{
        placeholder: "SHELL",
        brief: "bash, zsh or fish",
        parse(text) {
          const shell = shells.find((name) => name === text);
          if (shell) return shell;
          throw new SyntaxError(`must be one of ${shells.join(", ")}, not ${JSON.stringify(text)}`);
        },
        proposeCompletions: () => shells,
      }],
    },
  },
  async run({ args: [shell], output, commands }) {
    const names = commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    const completed: CompletedCommand[] = await Promise.all(
      commands.map(async (entry) => completedCommand(entry, (await entry.load()).default, names)),
    );
    const script = completionScript(shell, completed);
    output.result({ shell, script }, script.trimEnd());
  },
});
