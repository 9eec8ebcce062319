/**
 * Tells a key in PEM, or in a similar format of base64 lines, from a text that only mentions one.
 *
 * @module
 */

/** Characters after the first line of a key that are examined. Key material begins at once. */
export const KEY_REACH = 4096;

/** Minimum length of a base64 line. A shorter one may be a word of a sentence. */
const MIN_LINE = 20;
/**
 * Minimum characters of key material. An Ed25519 key in PKCS #8 has 64 characters, its seed alone
 * 44.
 */
const MIN_KEY = 40;
/** Minimum distinct characters of key material. A line of `x` or `A` has one. */
const MIN_DISTINCT = 12;

/** Line ends as other formats escape them: JSON and sources, URLs, XML, HTML. */
const ESCAPED_END =
  /\\{1,8}r\\{1,8}n|\\{1,8}[nrt]|\\{1,8}u000[aAdD]|%0[aAdD]|&#(?:x0*[aAdD]|10|13);|<br ?\/?>|\\(?=\r?\n)/g;
/** Characters that editors, sources and quotations put around a line. */
const AROUND = /^[\s"'`+,;>#*|\/\\(){}[\]-]+|(?<![\s"'`+,;\\(){}[\]-])[\s"'`+,;\\(){}[\]-]+$/g;
/** Header lines: `Proc-Type: 4,ENCRYPTED`, `Comment: …` (RFC 1421, RFC 4880, RFC 4716). */
const HEADER = /^[A-Za-z][A-Za-z0-9-]{2,40}:\s/;

/**
 * Whether a text begins with key material: lines of base64, possibly after headers, indented,
 * quoted, with escaped line ends, or all in one line.
 *
 * @param text the text after the line that begins the key
 */
export function hasKeyMaterial(text: string): boolean {
  const body = text.slice(0, KEY_REACH).split(/-{4,5} ?END /)[0]!.replace(ESCAPED_END, "\n");
  // An ellipsis on a line of its own: a sample with the key left out.
  if (/(?<=[\n"'`]\s{0,100})(?<!\.)\.+\s*($|[\n"'`])/.test(body)) return false;
  let found = "";
  for (const line of body.split(/[\r\n]+/)) {
    const bare = line.replace(AROUND, "");
    if (bare === "" || bare === "+" || HEADER.test(bare)) continue;
    const words = bare.split(/["'`,\s]+(?:\+\s+)?/).filter((word) =>
      /^[A-Za-z0-9+/=]+$/.test(word)
    );
    const long = words.filter((word) => word.length >= MIN_LINE);
    if (long.length === 0) {
      // A short line is the end of a key, or a sentence.
      if (found.length > 0 || words.length === 0) break;
      continue;
    }
    found += long.join("");
    if (found.length >= MIN_KEY) break;
  }
  return found.length >= MIN_KEY && new Set(found).size >= MIN_DISTINCT && /[0-9]/.test(found) &&
    /[A-Z]/.test(found) && /[a-z]/.test(found);
}
