/**
 * Rules for credentials in requests: `Authorization` headers, and arguments of `curl`.
 *
 * @module
 */

import { isPassword, isPlaceholder, isSampleToken, looksRandom } from "./placeholder.ts";
import type { Rule } from "./rule.ts";

/**
 * Asserts that the name of the `Authorization` header precedes the value, in the syntax of HTTP,
 * JSON, YAML, shells or common programming languages.
 */
const HEADER = "(?<=uthorization[\"'`\\])\\\\]{0,4}\\s{0,4}(?:[:=,]|=>)\\s{0,4}[\"'`\\\\]{0,3})";
/** Creates the rules that find credentials in HTTP requests: headers and arguments of `curl`. */
export function requestRules(): Rule[] {
  return [
    {
      kind: "bearer token",
      anchors: ["Bearer [A-Za-z0-9_-]", "bearer [A-Za-z0-9_-]"],
      pattern: /[Bb]earer ([A-Za-z0-9+\/_.~-]{20,400}={0,2})(?=[\s"'`,;\\)]|$)/y,
      // A token that begins with `eyJ` is a JSON Web Token, for which another rule exists.
      accept: ([, token]) =>
        looksRandom(token!) && !isSampleToken(token!) && !token!.startsWith("eyJ"),
    },
    {
      kind: "Authorization header with a token",
      anchors: ["uthorization: token ", "uthorization': 'token ", 'uthorization": "token '],
      pattern: /uthorization["']?: ["']?token ([A-Za-z0-9_.-]{20,400})/y,
      accept: ([, token]) => looksRandom(token!) && !isSampleToken(token!),
    },
    {
      kind: "Authorization header with a password",
      anchors: ["Basic [A-Za-z0-9]", "basic [A-Za-z0-9]"],
      pattern: new RegExp(`${HEADER}[Bb]asic ([A-Za-z0-9+/]{12,400}={0,2})`, "y"),
      accept: ([, base64]) => !isPlaceholder(base64!) && isLogin(base64!),
    },
    {
      kind: "password given to curl",
      isWide: true,
      anchors: ["curl "],
      pattern:
        /curl (?:[^\n\\]|\\[^]){0,400}?(?<=\s)(?:-u|--user|-U|--proxy-user)[ =]?\\?["']?[^\s:"'\\$<>]{1,100}:([^\s"'\\]{6,200})/y,
      accept: ([, password]) =>
        isPassword(password!) && /[0-9]/.test(password!) && /[A-Za-z]/.test(password!),
    },
  ];
}

/**
 * Whether a base64 text decodes to `user:password` with a real password, or with a token as the
 * user.
 */
function isLogin(base64: string): boolean {
  let text: string;
  try {
    text = atob(base64);
  } catch {
    return false;
  }
  const [, user, password] = /^([\x21-\x7e]{0,200}?):([\x20-\x7e]{0,300})$/.exec(text) ?? [];
  if (user === undefined) return false;
  return isPassword(password!) || looksRandom(user);
}
