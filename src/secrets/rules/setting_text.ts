/**
 * Finds settings in text: names and values in the syntax of shells, YAML, Java properties and JSON.
 * `named_files.ts` uses these functions for files whose names suggest credentials.
 *
 * @module
 */

import { isPassword, isPlaceholder, isStandIn } from "./placeholder.ts";

/**
 * Makes a predicate that returns whether a text contains a match of `pattern` whose value is not a
 * placeholder. The value is the first group that matched.
 *
 * @param pattern must take time linear in the length of the text. So it must not begin with a part
 * that matches ends of lines, nor contain a repetition that matches the beginning of another match
 */
export function lines(pattern: RegExp): (text: string) => boolean {
  // The expression is compiled on first use: most commands load this file, and few search text.
  let all: RegExp | undefined;
  return (text) => {
    all ??= new RegExp(pattern.source, pattern.flags + "g");
    for (const match of text.matchAll(all)) {
      const value = match.slice(1).find((group) => group !== undefined);
      if (value !== undefined && !isPlaceholder(value)) return true;
    }
    return false;
  };
}

/** Matches `NAME=value` on a line, in the syntax of shells and dotenv. */
const SETTING =
  /^\s{0,20}(?:export\s{1,4}|set\s{1,4})?([A-Za-z_][\w.-]{0,100})\s{0,8}[=:]\s{0,8}(.{0,4000})$/gm;

/** Whether a text has a line `NAME=value` for which `isSecret` returns `true`. */
export function someSetting(
  text: string,
  isSecret: (name: string, value: string) => boolean,
): boolean {
  for (const [, name, raw] of text.matchAll(SETTING)) {
    const quoted = /^(["'`])(.*?)\1/.exec(raw!)?.[2];
    const value = quoted ?? raw!.replace(/(^|\s)#.*$/, "");
    if (isSecret(name!, value.trim().replace(/^["'`]+|["'`]+$/g, ""))) return true;
  }
  return false;
}

/** Whether the name of a setting contains a word for a secret, such as `token` or `password`. */
export function isSecretName(name: string): boolean {
  return /secret|token|passw|pwd|api_?key|private_?key|access_?key|credential|_key$/i.test(name);
}

/**
 * Matches `"name": "value"` and `name = value`. The lookbehind prevents matches that start in the
 * middle of a name, which would take a hundred times as long.
 */
const ANY_SETTING =
  /(?<![\w.:-])["']?([\w.:-]{1,200})["']?\s{0,8}[=:]\s{0,8}(?:"([^"\n]{0,2000})"|'([^'\n]{0,2000})'|([^\s"',;{}\[\]]{1,2000}))/g;

/**
 * Whether a text contains a setting whose name suggests a secret and whose value is not a
 * placeholder.
 */
export function secretSetting(text: string): boolean {
  for (const [, name, ...values] of text.matchAll(ANY_SETTING)) {
    const value = values.find((one) => one !== undefined) ?? "";
    if (isSecretName(name!) && value.length >= 6 && !isStandIn(value)) return true;
  }
  return false;
}

/**
 * Matches names of settings that end with a word for a secret. The names `TOKEN_FILE` and `GPG_KEY`
 * do not match, since their values are not secret.
 */
const SECRET_END =
  /(?:secret|token|passw(?:or)?d|passphrase|pwd|(?:^|[_.-])pass|(?:api|secret|private|access|encryption|signing|master)[_-]?key)$/i;

/** Matches `name: value` and `name=value` on one line. The value is quoted, or ends at a space. */
const LINE_SETTING =
  /(?<![\w.:-])["']?([\w.:-]{1,200})["']?[ \t]{0,8}[=:][ \t]{0,8}(?:"([^"\n]{0,2000})"|'([^'\n]{0,2000})'|([^\s"',;{}\[\]]{1,2000}))/g;

/**
 * Whether a text contains a setting whose name ends with a word for a secret and whose value is a
 * real password.
 */
export function passwordSetting(text: string): boolean {
  for (const [, name, ...values] of text.matchAll(LINE_SETTING)) {
    const value = values.find((one) => one !== undefined) ?? "";
    if (SECRET_END.test(name!) && isPassword(value)) return true;
  }
  return false;
}

/**
 * Makes a predicate that returns whether a text contains a match of `pattern` whose value is a real
 * password. The value is the first group that matched.
 *
 * @param pattern must take linear time, like the pattern of {@linkcode lines}
 */
export function passwords(pattern: RegExp): (text: string) => boolean {
  let all: RegExp | undefined;
  return (text) => {
    all ??= new RegExp(pattern.source, pattern.flags + "g");
    for (const match of text.matchAll(all)) {
      const value = match.slice(1).find((group) => group !== undefined);
      if (value !== undefined && isPassword(value)) return true;
    }
    return false;
  };
}
