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
  if (text === "" || VARIABLE.test(text) || WORDS.test(text)) return true;
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

/** Bits of each character of a text that was drawn at random, at least. */
const [MIN_HEX_BITS, MIN_TEXT_BITS] = [2.8, 3.4];
const MIN_RANDOM_LENGTH = 20;

/** Whether a value looks as if it was drawn at random: long, of letters and digits, without a pattern. */
export function looksRandom(value: string): boolean {
  if (value.length < MIN_RANDOM_LENGTH || isPlaceholder(value)) return false;
  const digits = value.match(/[0-9]/g)?.length ?? 0;
  const letters = value.match(/[A-Za-z]/g)?.length ?? 0;
  if (digits < 3 || letters < 3) return false;
  // Names made of words: `some-long-name-2`, `module_name_v10`.
  if (/^[a-z0-9]+([-_.\/][a-z0-9]+)*$/.test(value) && !/[0-9][a-z]+[0-9]/.test(value)) return false;
  const isHex = /^[0-9a-f-]+$/i.test(value);
  return bitsOf(value) >= (isHex ? MIN_HEX_BITS : MIN_TEXT_BITS);
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
