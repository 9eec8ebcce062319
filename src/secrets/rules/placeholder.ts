/**
 * Tells a secret from a value that stands for one in documentation.
 *
 * @module
 */

/** Words that occur only in values that a user is meant to replace. */
const WORDS =
  /example|placeholder|your[-_ a-z]|change[-_ ]?(me|this)|replace[-_ ]?(me|this|with)|insert[-_]|redacted|x{4}|\*{3}|\.{3}|_here$|-here$|to-?do\b|dummy|<[^>]*>?/i;
/** A variable of a shell, a template or a build in place of a value. */
const VARIABLE =
  /^(\$(\{|\(|[A-Za-z_]\w*$)|%\w+%|\{\{|#\{|@\w+@$|__\w+__$|process\.env|os\.environ|secrets\.|env[.(:])/i;
/**
 * Beginnings of published examples that others copy: those of RFC 6749, RFC 6750 and RFC 7617, of
 * OpenID, of Square and of Twitter.
 */
const EXAMPLES =
  /^(?:2YotnFZFE|tGzv3JOkF|7Fjfp0ZBr|czZCaGRSa|QWxhZGRpb|dGVzdDoxM|YmJiZTAwYmY|TQV5U29k1|(?:sq0csp-)?30a-4C_tV|kAcSOqF21|LswwdoUaI)/;
/** Words that do not occur in a random token, but in samples that explain where a token belongs. */
const TOKEN_WORDS = /token|secret|password|personal|sample/i;
const LONG_RUN = /(.)\1{7}/;
/** Minimum distinct characters of a secret. A value with fewer is a pattern. */
const MIN_DISTINCT = 5;
/** Minimum length of a value that is judged by its distinct characters. */
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

/** Whether a text where a token is expected is only a sample. */
export function isSampleToken(token: string): boolean {
  return isPlaceholder(token) || TOKEN_WORDS.test(token) || LONG_RUN.test(token);
}

/** Words that documentation has where a password belongs. */
const STAND_INS =
  /^(pass(word|wd|phrase)?|pwd|secret|token|key|api[-_]?key|none|null|nil|undefined|true|false|string|str|abc|foo|bar|baz|test|admin|root|user(name)?|my[-_]?\w*|some[-_]?\w*|the[-_]\w*|auth[-_]?token|value|default|hunter2)\d*$/i;

/** Whether a password is a placeholder, or a word that explains where a password belongs. */
export function isStandIn(value: string): boolean {
  return isPlaceholder(value) || STAND_INS.test(value.trim());
}

/**
 * Values that are no password: a word, a path, a reference to a secret store, or an encrypted text.
 */
const NO_PASSWORD =
  /^(?:[A-Z]?[a-z]+|[A-Z]+|\d+|[.~]{0,2}\/.*|[a-z-]{2,20}:\/\/.*|(?:file|vault|arn|ssm):.*|!.*|ENC\(.*|\{\w+\}.*|(?:postgres|mysql|mariadb|mongo|redis|rabbit(?:mq)?|guest|docker|letmein|qwerty|welcome)[-_]?\w{0,4})$/;
/** Minimum length of a password. Shorter ones are in every documentation. */
const MIN_PASSWORD = 6;

/** Whether a value where a password is expected is one, and not a placeholder, a word or a path. */
export function isPassword(value: string): boolean {
  const text = value.trim();
  return text.length >= MIN_PASSWORD && !isStandIn(text) && !NO_PASSWORD.test(text);
}

/** Minimum Shannon entropy of a random text, in bits per character: hexadecimal, and other text. */
const [MIN_HEX_BITS, MIN_TEXT_BITS] = [2.8, 3.4];
const MIN_RANDOM_LENGTH = 20;
/**
 * Minimum words per character of a random text with few digits. Names in camelCase have about 0.2.
 */
const MIN_WORDS = 0.36;

/** Whether a value looks random: long, of letters and digits, without a pattern. */
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

/** Whether a text has the entropy of a random one. */
export function isVaried(text: string): boolean {
  return bitsOf(text) >= (/^[0-9a-f-]+$/i.test(text) ? MIN_HEX_BITS : MIN_TEXT_BITS);
}

/** Counts the words that a name in camelCase would have. A random text changes case more often. */
function wordsOf(text: string): number {
  return text.match(/[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^A-Za-z0-9]+/g)?.length ?? 0;
}

/** Shannon entropy of a text, in bits per character. */
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
