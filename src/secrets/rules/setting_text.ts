/**
 * Reads settings in the text of files with telling names: names and values as shells, YAML,
 * properties and JSON write them. `named_files.ts` says which files those are.
 *
 * @module
 */

import { isPassword, isPlaceholder, isStandIn } from "./placeholder.ts";

/**
 * Makes a predicate: whether a text contains a match whose first group is no placeholder.
 *
 * @param pattern has to take time linear in the text: its beginning must not match line ends, nor
 * may a part that repeats match at its own start
 */
export function lines(pattern: RegExp): (text: string) => boolean {
  const all = new RegExp(pattern.source, pattern.flags + "g");
  return (text) => {
    for (const match of text.matchAll(all)) {
      const value = match.slice(1).find((group) => group !== undefined);
      if (value !== undefined && !isPlaceholder(value)) return true;
    }
    return false;
  };
}

/** `NAME=value`, as shells and dotenv read it. */
const SETTING =
  /^\s{0,20}(?:export\s{1,4}|set\s{1,4})?([A-Za-z_][\w.-]{0,100})\s{0,8}[=:]\s{0,8}(.{0,4000})$/gm;

/** Whether any line sets a value that the predicate takes for a secret. */
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

/** Whether a setting's name names a secret, or contains such a name. */
export function isSecretName(name: string): boolean {
  return /secret|token|passw|pwd|api_?key|private_?key|access_?key|credential|_key$/i.test(name);
}

/**
 * `"password": "…"` and `api_key = …` in files that exist for secrets. The lookbehind keeps the
 * expression from starting in the middle of a name, which would take a hundred times as long.
 */
const ANY_SETTING =
  /(?<![\w.:-])["']?([\w.:-]{1,200})["']?\s{0,8}[=:]\s{0,8}(?:"([^"\n]{0,2000})"|'([^'\n]{0,2000})'|([^\s"',;{}\[\]]{1,2000}))/g;

/** Whether any setting whose name names a secret has a value that is no stand-in. */
export function secretSetting(text: string): boolean {
  for (const [, name, ...values] of text.matchAll(ANY_SETTING)) {
    const value = values.find((one) => one !== undefined) ?? "";
    if (isSecretName(name!) && value.length >= 6 && !isStandIn(value)) return true;
  }
  return false;
}

/** Ends of the names of secrets. `TOKEN_FILE` and `GPG_KEY` name no secret. */
const SECRET_END =
  /(?:secret|token|passw(?:or)?d|passphrase|pwd|(?:^|[_.-])pass|(?:api|secret|private|access|encryption|signing|master)[_-]?key)$/i;

/** `name: value` and `name=value` on one line; the value is quoted or ends at a space. */
const LINE_SETTING =
  /(?<![\w.:-])["']?([\w.:-]{1,200})["']?[ \t]{0,8}[=:][ \t]{0,8}(?:"([^"\n]{0,2000})"|'([^'\n]{0,2000})'|([^\s"',;{}\[\]]{1,2000}))/g;

/** Whether a setting whose name ends like a secret's has a password that is no placeholder. */
export function passwordSetting(text: string): boolean {
  for (const [, name, ...values] of text.matchAll(LINE_SETTING)) {
    const value = values.find((one) => one !== undefined) ?? "";
    if (SECRET_END.test(name!) && isPassword(value)) return true;
  }
  return false;
}

/**
 * Makes a predicate: whether a text contains a match whose first group is a password and no
 * placeholder.
 *
 * @param pattern has to take time linear in the text, as that of {@linkcode lines}
 */
export function passwords(pattern: RegExp): (text: string) => boolean {
  const all = new RegExp(pattern.source, pattern.flags + "g");
  return (text) => {
    for (const match of text.matchAll(all)) {
      const value = match.slice(1).find((group) => group !== undefined);
      if (value !== undefined && isPassword(value)) return true;
    }
    return false;
  };
}
