/**
 * `libreseed token show|new`: prints the token of the HTTP API, or makes another.
 *
 * @module
 */

import { choiceArgument, defineCommand } from "../flags/command.ts";

type Args = [action: "show" | "new"];

export default defineCommand<Record<never, never>, Args>({
  description:
    "show prints the token that the HTTP API of this home's daemon demands for changes, and for reading " +
    "from another machine. It makes one if there is none. new makes another, which takes effect at once: " +
    "programs with the old one are refused. Whoever has the token can remove packages and stop the daemon.",
  examples: ["libreseed token show", "libreseed token new"],
  settings: ["home"],
  home: "existing",
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [choiceArgument(["show", "new"] as const, "What to do")],
    },
  },
  async run({ args: [action], output, settings }) {
    const { values } = await settings();
    const { ensureHttpToken, newHttpToken } = await import("../../control/mod.ts");
    const token = action === "new"
      ? await newHttpToken(values.home)
      : await ensureHttpToken(values.home);
    if (action === "new") output.notice("the token before this one is not accepted any more");
    output.result({ token }, token);
  },
});
