/**
 * `libreseed deprecate NAME@RANGE MESSAGE`: has readers of versions warned.
 *
 * @module
 */

import { agentKeyFlag, defineCommand, textArgument } from "../flags/command.ts";
import { networkSettings } from "../flags/common_flags.ts";
import { changeOwnFlags, parseOwnRange } from "../running/own_flags.ts";

export default defineCommand<{ key?: string }, [spec: string, message: string]>({
  description:
    "Whoever takes one of the versions is warned with the message. Ranges still choose them; " +
    "`libreseed yank` keeps ranges from that. An empty message takes the deprecation back. The range " +
    "includes prereleases. Prints each version whose state has changed.",
  examples: [
    "libreseed deprecate my-tool@'<2' 'use 2.x'",
    "libreseed deprecate my-tool@'<2' ''",
  ],
  settings: ["home", "dir", ...networkSettings],
  home: "existing",
  parameters: {
    flags: { key: agentKeyFlag },
    positional: {
      kind: "tuple",
      parameters: [
        textArgument("NAME@RANGE", "Versions of an own package"),
        {
          parse: (text: string) => text,
          placeholder: "MESSAGE",
          brief: "At most 256 bytes; empty to take it back",
        },
      ],
    },
  },
  async run(given) {
    const { args: [text, message] } = given;
    const spec = await parseOwnRange(text, "libreseed deprecate NAME@RANGE MESSAGE");
    const { deprecating } = await import("../../publishing/mod.ts");
    const change = deprecating(spec.name, spec.range, message);
    const unchanged = message.trim() === ""
      ? `${text} is not deprecated`
      : `${text} is deprecated with this message already`;
    await changeOwnFlags(given, spec, change, unchanged);
  },
});
