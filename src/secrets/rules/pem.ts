/**
 * Tells a key in PEM, or in another format of lines of base64, from a text that speaks of one.
 *
 * @module
 */

/** How much behind the first line of a key is looked at, in characters. A key begins at once. */
export const KEY_REACH = 4096;

/** A line, or a word, that is shorter says nothing: it may be a word of a sentence. */
const MIN_LINE = 20;
/** An Ed25519 key in PKCS #8 has 64 characters, its seed alone 44. */
const MIN_KEY = 40;
/** Different characters in what may be a key; a line of `x` or `A` has one. */
const MIN_DISTINCT = 12;

/** How line ends are written within other formats: JSON and sources, URLs, XML, HTML. */
const ESCAPED_END =
  /\\{1,8}r\\{1,8}n|\\{1,8}[nrt]|\\{1,8}u000[aAdD]|%0[aAdD]|&#(?:x0*[aAdD]|10|13);|<br ?\/?>|\\(?=\r?\n)/g;
/** What editors, sources and quotations put around a line. */
const AROUND = /^[\s"'`+,;>#*|\/\\(){}[\]-]+|(?<![\s"'`+,;\\(){}[\]-])[\s"'`+,;\\(){}[\]-]+$/g;
/** `Proc-Type: 4,ENCRYPTED`, `Comment: …` (RFC 1421, RFC 4880, RFC 4716). */
const HEADER = /^[A-Za-z][A-Za-z0-9-]{2,40}:\s/;

/**
 * Whether key material follows: lines of base64, maybe behind headers, indented, in quotes, with their
 * ends escaped, or all in one line.
 *
 * @param text what comes after the line that begins the key
 */
export function hasKeyMaterial(text: string): boolean {
  const body = text.slice(0, KEY_REACH).split(/-{4,5} ?END /)[0]!.replace(ESCAPED_END, "\n");
  // What was left out of a sample.
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
      // The end of a key, or a sentence.
      if (found.length > 0 || words.length === 0) break;
      continue;
    }
    found += long.join("");
    if (found.length >= MIN_KEY) break;
  }
  return found.length >= MIN_KEY && new Set(found).size >= MIN_DISTINCT && /[0-9]/.test(found) &&
    /[A-Z]/.test(found) && /[a-z]/.test(found);
}
