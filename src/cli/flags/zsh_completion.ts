/**
 * The completion script for zsh.
 *
 * @module
 */

import {
  type CompletedCommand,
  type CompletedFlag,
  flagsWithValue,
  type Offer,
  shellQuoted as quoted,
} from "./completed_command.ts";

/**
 * Escapes colons and brackets, which have a special meaning for zsh's `_arguments` and `_describe`.
 */
function zshText(text: string): string {
  return text.replace(/[\\:[\]]/g, (letter) => `\\${letter}`);
}

/** Returns the action of `_arguments` that offers words; a space offers nothing. */
function action({ files, words, kind }: Offer): string {
  if (words) return `(${words.join(" ")})`;
  if (files && kind) return `{_libreseed_words ${kind}; _files}`;
  return files ? "_files" : kind ? `_libreseed_words ${kind}` : " ";
}

function flagSpec({ name, letter, value, brief }: CompletedFlag): string {
  const text = `[${zshText(brief)}]`;
  const equals = value ? "=" : "";
  const after = value ? `:value:${action(value)}` : "";
  // A star allows a flag again that may be repeated, and does no harm to others.
  if (!letter) return quoted(`*--${name}${equals}${text}${after}`);
  return `'(-${letter} --${name})'{-${letter},--${name}${equals}}${quoted(text + after)}`;
}

/** Generates the completion script for zsh. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  const listed = commands.flatMap(({ names, brief }) =>
    names.map((name) => `    ${quoted(`${name}:${zshText(brief)}`)}`)
  );
  const cases = commands.map(({ names, flags, args, repeats }) => {
    const places = args.map((offer, i) => {
      const place = repeats && i === args.length - 1 ? "*" : `${i + 1}`;
      return quoted(`${place}:argument:${action(offer)}`);
    });
    const all = [...flags.map(flagSpec), ...places];
    return `    ${names.join("|")})\n      _arguments \\\n        ${all.join(" \\\n        ")} ;;`;
  });
  return `#compdef libreseed
# zsh completion for libreseed
# The kind is the last argument: _arguments puts options of compadd in front of it.
_libreseed_words() {
  local -a found home
  home=($libreseed_home)
  local at=\${words[(i)--home]}
  if (( at < CURRENT - 1 )); then
    home=(--home \${~\${(Q)words[at + 1]}})
  elif (( (at = \${words[(i)--home=*]}) < CURRENT )); then
    home=("\${(Q)words[at]}")
  fi
  found=(\${(f)"$(command libreseed words $home $argv[-1] -- "\${(Q)PREFIX}" 2> /dev/null < /dev/null)"})
  compadd "\${(@)argv[1,-2]}" -a found
}
_libreseed() {
  local -a commands
  commands=(
${listed.join("\n")}
  )
  # Flags may precede the command; _arguments sees what follows it.
  local values=${quoted(` ${flagsWithValue(commands).join(" ")} `)}
  local -a libreseed_home
  local -i at=2
  while (( at < CURRENT )) && [[ $words[at] == -* ]]; do
    if [[ $words[at] == --home=* ]]; then
      libreseed_home=("\${(Q)words[at]}")
    elif [[ $words[at] == --home ]]; then
      libreseed_home=(--home \${~\${(Q)words[at + 1]}})
    fi
    if [[ $values == *" $words[at] "* ]]; then (( at++ )); fi
    (( at++ ))
  done
  if (( at > CURRENT )); then
    _files
    return
  elif (( at == CURRENT )); then
    _describe command commands
    return
  fi
  local command=$words[at]
  shift $((at - 1)) words
  (( CURRENT -= at - 1 ))
  case $command in
${cases.join("\n")}
  esac
}
if [[ $funcstack[1] == _libreseed ]]; then
  _libreseed "$@"
else
  compdef _libreseed libreseed
fi
`;
}
