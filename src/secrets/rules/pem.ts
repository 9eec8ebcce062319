/**
 * Distinguishes a real key in PEM (or a similar format with base64 lines) from a text that only
 * mentions such a key.
 *
 * @module
 */

/** Number of characters to examine after the first line of a key. */
export const KEY_REACH = 4096;

/**
 * Minimum length of a line of base64, in characters. A shorter text may be a word of a sentence.
 */
const MIN_LINE = 20;
/**
 * Minimum number of characters of key material. For comparison, an Ed25519 key in PKCS #8 has 64
 * characters of base64, and a seed of 32 bytes has 44.
 */
const MIN_KEY = 40;
/** Minimum number of distinct characters of key material. A sample such as `xxxx…` has only one. */
const MIN_DISTINCT = 12;

/** Matches escaped ends of lines in a quoted key: in JSON and source code, URLs, XML and HTML. */
const ESCAPED_END =
  /\\{1,8}r\\{1,8}n|\\{1,8}[nrt]|\\{1,8}u000[aAdD]|%0[aAdD]|&#(?:x0*[aAdD]|10|13);|<br ?\/?>|\\(?=\r?\n)/g;
/** Matches indentation, quotes and comment signs around a line of a key. */
const AROUND = /^[\s"'`+,;>#*|\/\\(){}[\]-]+|(?<![\s"'`+,;\\(){}[\]-])[\s"'`+,;\\(){}[\]-]+$/g;
/**
 * Matches header lines of a key: `Proc-Type: 4,ENCRYPTED`, `Comment: …` (RFC 1421, RFC 4880, RFC
 * 4716).
 */
const HEADER = /^[A-Za-z][A-Za-z0-9-]{2,40}:\s/;

/**
 * Whether a text begins with key material: base64 in one or more lines. Header lines may precede
 * the key material. Lines may be indented or quoted, and ends of lines escaped.
 *
 * @param text the text after the line that begins the key
 */
export function hasKeyMaterial(text: string): boolean {
  const body = text.slice(0, KEY_REACH).split(/-{4,5} ?END /)[0]!.replace(ESCAPED_END, "\n");
  // An ellipsis on a line of its own means that a sample leaves out the key.
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
      // After key material, a short line is the end of the key. Before key material, a line
      // without any word of base64 characters is a sentence, so there is no key.
      if (found.length > 0 || words.length === 0) break;
      continue;
    }
    found += long.join("");
    if (found.length >= MIN_KEY) break;
  }
  return found.length >= MIN_KEY && new Set(found).size >= MIN_DISTINCT && /[0-9]/.test(found) &&
    /[A-Z]/.test(found) && /[a-z]/.test(found);
}
