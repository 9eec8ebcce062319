/**
 * Distinguishes secrets from placeholders and samples in documentation.
 *
 * @module
 */

/** Matches words that occur only in placeholders, which a user is meant to replace. */
const WORDS =
  /example|placeholder|your[-_ a-z]|change[-_ ]?(me|this)|replace[-_ ]?(me|this|with)|insert[-_]|redacted|x{4}|\*{3}|\.{3}|_here$|-here$|to-?do\b|dummy|<[^>]*>?/i;
/** Matches a variable of a shell, a template or a build tool in place of a value. */
const VARIABLE =
  /^(\$(\{|\(|[A-Za-z_]\w*$)|%\w+%|\{\{|#\{|@\w+@$|__\w+__$|process\.env|os\.environ|secrets\.|env[.(:])/i;
/**
 * Matches the beginnings of well-known examples in RFC 6749, RFC 6750 and RFC 7617 and in the
 * documentation of OpenID, Square and Twitter.
 */
const EXAMPLES =
  /^(?:2YotnFZFE|tGzv3JOkF|7Fjfp0ZBr|czZCaGRSa|QWxhZGRpb|dGVzdDoxM|YmJiZTAwYmY|TQV5U29k1|(?:sq0csp-)?30a-4C_tV|kAcSOqF21|LswwdoUaI)/;
/**
 * Matches words of sample tokens, such as `my-secret-token`. Random tokens do not contain such
 * words.
 */
const TOKEN_WORDS = /token|secret|password|personal|sample/i;
const LONG_RUN = /(.)\1{7}/;
/** Minimum number of distinct characters of a long secret. A value with fewer is a placeholder. */
const MIN_DISTINCT = 5;
/** Minimum length of a value whose distinct characters are counted, in characters. */
const JUDGED_LENGTH = 16;

/**
 * Whether a value is a placeholder: empty, a variable, or a text that users are meant to replace.
 */
export function isPlaceholder(value: string): boolean {
  const text = value.trim();
  if (text === "" || VARIABLE.test(text) || WORDS.test(text) || EXAMPLES.test(text)) {
    return true;
  }
  if (/^(.)\1*$/.test(text) && text.length > 1) return true;
  return text.length >= JUDGED_LENGTH && new Set(text).size < MIN_DISTINCT;
}

/** Whether a text in the place of a token is only a sample. */
export function isSampleToken(token: string): boolean {
  return isPlaceholder(token) || TOKEN_WORDS.test(token) || LONG_RUN.test(token);
}

/** Matches words that documentation uses in place of a password. */
const STAND_INS =
  /^(pass(word|wd|phrase)?|pwd|secret|token|key|api[-_]?key|none|null|nil|undefined|true|false|string|str|abc|foo|bar|baz|test|admin|root|user(name)?|my[-_]?\w*|some[-_]?\w*|the[-_]\w*|auth[-_]?token|value|default|hunter2)\d*$/i;

/** Whether a text in the place of a password is a placeholder, or a word such as `password`. */
export function isStandIn(value: string): boolean {
  return isPlaceholder(value) || STAND_INS.test(value.trim());
}

/**
 * Matches values that are not passwords: a word, a path, a reference to a secret store, or an
 * encrypted text.
 */
const NO_PASSWORD =
  /^(?:[A-Z]?[a-z]+|[A-Z]+|\d+|[.~]{0,2}\/.*|[a-z-]{2,20}:\/\/.*|(?:file|vault|arn|ssm):.*|!.*|ENC\(.*|\{\w+\}.*|(?:postgres|mysql|mariadb|mongo|redis|rabbit(?:mq)?|guest|docker|letmein|qwerty|welcome)[-_]?\w{0,4})$/;
/** Minimum length of a password, in characters. Shorter passwords occur mostly in documentation. */
const MIN_PASSWORD = 6;

/**
 * Whether a text in the place of a password is a real password, not a placeholder, a word or a
 * path.
 */
export function isPassword(value: string): boolean {
  const text = value.trim();
  return text.length >= MIN_PASSWORD && !isStandIn(text) && !NO_PASSWORD.test(text);
}

/**
 * Minimum Shannon entropy of random text in bits per character: for hexadecimal, and for other
 * text.
 */
const [MIN_HEX_BITS, MIN_TEXT_BITS] = [2.8, 3.4];
const MIN_RANDOM_LENGTH = 20;
/**
 * Minimum number of words per character in random text with few digits, where a word ends at each
 * change of case. Random text has many short words; names in camelCase have about 0.2 words per
 * character.
 */
const MIN_WORDS = 0.36;

/** Whether a value looks random: it is long, mixes letters and digits, and has no pattern. */
export function looksRandom(value: string): boolean {
  if (value.length < MIN_RANDOM_LENGTH || isPlaceholder(value)) return false;
  const digits = value.match(/[0-9]/g)?.length ?? 0;
  const letters = value.match(/[A-Za-z]/g)?.length ?? 0;
  const isMixed = digits >= 3 && letters >= 3 ||
    digits >= 1 && wordsOf(value) >= value.length * MIN_WORDS;
  if (!isMixed) return false;
  // Reject names that consist of words: `some-long-name-2`, `module_name_v10`.
  if (/^[a-z0-9]+([-_.\/][a-z0-9]+)*$/.test(value) && !/[0-9][a-z]+[0-9]/.test(value)) return false;
  return isVaried(value);
}

/** Whether the entropy of a text is high enough for a random text. */
export function isVaried(text: string): boolean {
  return bitsOf(text) >= (/^[0-9a-f-]+$/i.test(text) ? MIN_HEX_BITS : MIN_TEXT_BITS);
}

/**
 * Counts the words in a text as if the text were a name in camelCase. A random text changes case
 * more often than a name, so more words are counted in a random text.
 */
function wordsOf(text: string): number {
  return text.match(/[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^A-Za-z0-9]+/g)?.length ?? 0;
}

/** Returns the Shannon entropy of a text, in bits per character. */
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
