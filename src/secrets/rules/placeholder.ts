/**
 * Tells a value that stands for a secret in documentation from one that is a secret.
 *
 * @module
 */

/** Words that only stand in values which somebody is to replace. */
const WORDS =
  /example|placeholder|your[-_ a-z]|change[-_ ]?(me|this)|replace[-_ ]?(me|this|with)|insert[-_]|redacted|x{4}|\*{3}|\.{3}|_here$|-here$|to-?do\b|dummy|<[^>]*>?/i;
/** A variable of a shell, a template or a build, in place of the value. */
const VARIABLE =
  /^(\$(\{|\(|[A-Za-z_]\w*$)|%\w+%|\{\{|#\{|@\w+@$|__\w+__$|process\.env|os\.environ|secrets\.|env[.(:])/i;
/**
 * How the examples begin that documentation shows and others copy: of RFC 6749, RFC 6750 and RFC 7617,
 * of OpenID, of Square and of Twitter.
 */
const EXAMPLES =
  /^(?:2YotnFZFE|tGzv3JOkF|7Fjfp0ZBr|czZCaGRSa|QWxhZGRpb|dGVzdDoxM|YmJiZTAwYmY|TQV5U29k1|(?:sq0csp-)?30a-4C_tV|kAcSOqF21|LswwdoUaI)/;
/** Words that no token drawn at random has in it, unless somebody wrote it to show where one belongs. */
const TOKEN_WORDS = /token|secret|password|personal|sample/i;
const LONG_RUN = /(.)\1{7}/;
/** Fewer different characters than this are a pattern, not a secret. */
const MIN_DISTINCT = 5;
/** Values at least this long are judged by their characters too. */
const JUDGED_LENGTH = 16;

/** Whether a value is empty, a variable, or a text to be replaced. */
export function isPlaceholder(value: string): boolean {
  const text = value.trim();
  if (text === "" || VARIABLE.test(text) || WORDS.test(text) || EXAMPLES.test(text)) {
    return true;
  }
  if (/^(.)\1*$/.test(text) && text.length > 1) return true;
  return text.length >= JUDGED_LENGTH && new Set(text).size < MIN_DISTINCT;
}

/** Whether what stands where a token belongs is not one. */
export function isSampleToken(token: string): boolean {
  return isPlaceholder(token) || TOKEN_WORDS.test(token) || LONG_RUN.test(token);
}

/** The words that people write where a password belongs. */
const STAND_INS =
  /^(pass(word|wd|phrase)?|pwd|secret|token|key|api[-_]?key|none|null|nil|undefined|true|false|string|str|abc|foo|bar|baz|test|admin|root|user(name)?|my[-_]?\w*|some[-_]?\w*|the[-_]\w*|auth[-_]?token|value|default|hunter2)\d*$/i;

/** Whether a password is a placeholder, or a word that explains where a password belongs. */
export function isStandIn(value: string): boolean {
  return isPlaceholder(value) || STAND_INS.test(value.trim());
}

/** A word, a path, a reference to a store of secrets, or what is encrypted already. */
const NO_PASSWORD =
  /^(?:[A-Z]?[a-z]+|[A-Z]+|\d+|[.~]{0,2}\/.*|[a-z-]{2,20}:\/\/.*|(?:file|vault|arn|ssm):.*|!.*|ENC\(.*|\{\w+\}.*|(?:postgres|mysql|mariadb|mongo|redis|rabbit(?:mq)?|guest|docker|letmein|qwerty|welcome)[-_]?\w{0,4})$/;
/** Passwords this short are in every documentation. */
const MIN_PASSWORD = 6;

/** Whether a value that stands where a password belongs is one: no placeholder, no word, no path. */
export function isPassword(value: string): boolean {
  const text = value.trim();
  return text.length >= MIN_PASSWORD && !isStandIn(text) && !NO_PASSWORD.test(text);
}

/** Bits of each character of a text that was drawn at random, at least. */
const [MIN_HEX_BITS, MIN_TEXT_BITS] = [2.8, 3.4];
const MIN_RANDOM_LENGTH = 20;
/** Words for each character, at least, of a text of few digits: names in camelCase have about 0.2. */
const MIN_WORDS = 0.36;

/** Whether a value looks as if it was drawn at random: long, of letters and digits, without a pattern. */
export function looksRandom(value: string): boolean {
  if (value.length < MIN_RANDOM_LENGTH || isPlaceholder(value)) return false;
  const digits = value.match(/[0-9]/g)?.length ?? 0;
  const letters = value.match(/[A-Za-z]/g)?.length ?? 0;
  const isMixed = digits >= 3 && letters >= 3 ||
    digits >= 1 && wordsOf(value) >= value.length * MIN_WORDS;
  if (!isMixed) return false;
  // Names made of words: `some-long-name-2`, `module_name_v10`.
  if (/^[a-z0-9]+([-_.\/][a-z0-9]+)*$/.test(value) && !/[0-9][a-z]+[0-9]/.test(value)) return false;
  return isVaried(value);
}

/** Whether a text has as many different characters as one that was drawn at random. */
export function isVaried(text: string): boolean {
  return bitsOf(text) >= (/^[0-9a-f-]+$/i.test(text) ? MIN_HEX_BITS : MIN_TEXT_BITS);
}

/** Words of a name in camelCase, and what such words would be in a text that has none. */
function wordsOf(text: string): number {
  return text.match(/[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^A-Za-z0-9]+/g)?.length ?? 0;
}

/** Shannon's entropy of a text's characters, in bits. */
function bitsOf(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) {
    const share = count / text.length;
    bits -= share * Math.log2(share);
  }
  return bits;
}
