/**
 * The completion script for bash 4 and newer.
 *
 * @module
 */

import {
  type CompletedCommand,
  flagsWithValue,
  type Offer,
  shellQuoted as quoted,
  spellings,
} from "./completed_command.ts";

/** Returns the assignments by which the script learns what to offer. */
function assignments({ files, words = [], kind }: Offer): string {
  return [
    ...files ? ["files=1"] : [],
    ...words.length > 0 ? [`words=${quoted(words.join(" "))}`] : [],
    ...kind ? [`kind=${kind}`] : [],
  ].join(" ");
}

/** Returns the case of a flag or an argument; none if there is nothing to offer. */
function caseOf(pattern: string, offer: Offer): string[] {
  const assigned = assignments(offer);
  return assigned === "" ? [] : [`          ${pattern}) ${assigned} ;;`];
}

/** Returns the cases of a command: its flags, the values of its flags, and its arguments. */
function casesOf({ names, flags, args, repeats }: CompletedCommand): string {
  const values = flags.map((flag) => caseOf(spellings(flag).join("|"), flag.value ?? {}));
  const places = args.map((offer, i) => {
    const isLast = i === args.length - 1;
    return caseOf(repeats && isLast ? "*" : String(i), offer);
  });
  return [
    `    ${names.join("|")})`,
    `      flags=${quoted(flags.flatMap(spellings).join(" "))}`,
    "      if [[ -n $before ]]; then",
    "        case $before in",
    ...values.flat(),
    "        esac",
    "      else",
    "        case $at in",
    ...places.flat(),
    "        esac",
    "      fi ;;",
  ].join("\n");
}

/** Generates the completion script for bash. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const names = commands.flatMap((command) => command.names);
  return `# bash completion for libreseed
_libreseed() {
  local IFS=$' \\t\\n' line=\${COMP_LINE:0:COMP_POINT} piece=\${COMP_WORDS[COMP_CWORD]}
  local word full one command= home= before= flags= words= kind= files= at=0 i
  local values=${quoted(` ${flagsWithValue(commands).join(" ")} `)}
  local -a typed=()
  COMPREPLY=()
  # Bash splits words at : and =, so the line is split anew.
  read -ra typed <<< "$line"
  if [[ $line == *[[:space:]] ]]; then typed+=(''); fi
  full=\${typed[\${#typed[@]} - 1]} word=$full
  for ((i = 1; i < \${#typed[@]} - 1; i++)); do
    one=\${typed[i]}
    if [[ -n $before ]]; then
      if [[ $before == --home ]]; then home=$one; fi
      before=
      continue
    fi
    case $one in
      --home=*) home=\${one#*=} ;;
      -*) if [[ $values == *" $one "* || $values == *" $command$one "* ]]; then before=$one; fi ;;
      *) if [[ -z $command ]]; then command=$one; else at=$((at + 1)); fi ;;
    esac
  done
  if [[ -z $before && $word == --*=* ]]; then
    before=\${word%%=*} word=\${word#*=}
  fi
  case $command in
    '')
      flags='--help --version'
      if [[ -z $before ]]; then words=${quoted(names.join(" "))}; fi ;;
${commands.map(casesOf).join("\n")}
  esac
  if [[ -z $before && $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$word")
    return
  fi
  local -a found=()
  if [[ -n $words ]]; then
    mapfile -t found < <(compgen -W "$words" -- "$word")
  fi
  if [[ -n $kind ]]; then
    mapfile -t found < <(
      command libreseed words \${home:+--home "\${home/#\\~\\//$HOME/}"} "$kind" -- "$word" 2> /dev/null < /dev/null
    )
  fi
  # The part of the word before its last : or = is there already.
  if [[ $piece == [:=] ]]; then
    piece=
  elif [[ \${full%"$piece"} == *@ ]]; then
    # Readline splits a word in front of @, and counts the @ to the word that it replaces.
    piece=@$piece
  fi
  for one in "\${found[@]}"; do
    one=\${full%"$word"}$one
    COMPREPLY+=("\${one#"\${full%"$piece"}"}")
  done
  if [[ -n $files && \${#found[@]} == 0 ]]; then compopt -o default 2> /dev/null; fi
}
complete -F _libreseed libreseed
`;
}
