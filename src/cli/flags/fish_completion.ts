/**
 * The completion script for fish 3 and newer.
 *
 * @module
 */

import { type CompletedCommand, flagsWithValue, type Offer } from "./completed_command.ts";

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, (letter) => `\\${letter}`)}'`;
}

/** Returns the arguments of `complete` that offer words. */
function offered({ files, words, kind }: Offer): string {
  return [
    ...files ? ["-F"] : [],
    ...words ? [`-a ${quoted(words.join(" "))}`] : [],
    ...kind ? [`-a '(__libreseed_words ${kind})'`] : [],
  ].join(" ");
}

function linesOf({ names, flags, args, repeats }: CompletedCommand): string[] {
  const when = (place: string) =>
    `complete -c libreseed -n ${quoted(`__libreseed_at ${place} ${names.join(" ")}`)}`;
  const lines = flags.map(({ name, letter, value, brief }) => {
    const short = letter ? ` -s ${letter}` : "";
    const after = value ? ` -r ${offered(value) || "-f"}` : "";
    return `${when("any")}${short} -l ${name}${after} -d ${quoted(brief)}`;
  });
  args.forEach((offer, i) => {
    const place = repeats && i === args.length - 1 ? "any" : String(i);
    if (offered(offer) !== "") lines.push(`${when(place)} ${offered(offer)}`);
  });
  return lines;
}

/** Generates the completion script for fish. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  const values = flagsWithValue(commands).join(" ");
  return `# fish completion for libreseed
# The command and the arguments in front of the cursor, without flags and their values.
function __libreseed_typed
    set -l before
    set -l command
    set -l values ${values}
    for one in (commandline -opc)[2..]
        if set -q before[1]
            set before
        else if contains -- $one $values; or contains -- "$command$one" $values
            set before $one
        else if not string match -q -- '-*' $one
            set -q command[1]; or set command $one
            echo $one
        end
    end
end
# Whether a command is given, and so many arguments behind it.
function __libreseed_at
    set -l typed (__libreseed_typed)
    set -q typed[1]; and contains -- $typed[1] $argv[2..]
    and test $argv[1] = any -o $argv[1] = (math (count $typed) - 1)
end
function __libreseed_words
    set -l home
    set -l tokens (commandline -opc)
    if set -l at (contains -i -- --home $tokens)
        set home --home $tokens[(math $at + 1)]
    else
        set home (string match -- '--home=*' $tokens)
    end
    set -l prefix (commandline -ct | string replace -r -- '^--[a-z-]+=' '')
    command libreseed words $home $argv[1] -- "$prefix" 2>/dev/null </dev/null
end
complete -c libreseed -f
${
    commands.map(({ names, brief }) =>
      `complete -c libreseed -n 'not count (__libreseed_typed) >/dev/null' -a ${
        quoted(names.join(" "))
      } -d ${quoted(brief)}`
    ).join("\n")
  }
${commands.flatMap(linesOf).join("\n")}
`;
}
