/**
 * `libreseed words KIND [PREFIX]`: lists words for the completion scripts.
 *
 * @module
 */

import { choiceArgument, defineCommand, textArgument } from "../flags/command.ts";
import { type WordKind, wordKinds } from "../flags/completed_command.ts";

export default defineCommand<Record<never, never>, [kind: WordKind, prefix?: string]>({
  description: "Completion scripts run this for the word at the cursor. Prints one word a line: " +
    "names of packages that this home knows, that are installed, or that are in the seed directory, or " +
    "keys of publishers that are followed or pinned. For a PREFIX such as hello@ prints versions; for the " +
    "beginning of a key, prints packages of the publisher as KEY/NAME. Works offline, and neither needs a home nor makes one.",
  settings: ["home", "dir"],
  home: "optional",
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        choiceArgument(wordKinds, "What to list"),
        {
          ...textArgument("PREFIX", "How the words begin"),
          // A shell asks for all words with an empty one.
          parse: String,
          optional: true,
        },
      ],
    },
  },
  async run(given) {
    const { args: [kind, prefix = ""], output } = given;
    const { offeredWords } = await import("../running/offered_words.ts");
    for (const word of await offeredWords(kind, prefix, given)) output.result({ word }, word);
  },
});
