/**
 * Texts of strangers for the page: names, descriptions, client names, reasons, messages. Characters that are
 * invisible or change the direction of what follows are shown as their number, so that a text cannot look like
 * another one, nor turn the text beside it around.
 *
 * The result is for text nodes and attributes. It is not markup.
 *
 * @module
 */

/** Maximum length of a shown text, in UTF-16 units; a longer one ends with an ellipsis. */
const MAX_SHOWN_LENGTH = 2000;
/** Maximum number of combining marks on one character; more of them would cover neighbouring lines. */
const MAX_MARKS = 3;

/**
 * Characters without a glyph of their own: controls except the line break, lone surrogates, format characters
 * (`Cf`: direction, zero width, tags), line and paragraph separators, private use, fillers of Hangul, the
 * blank of Braille, and variation selectors beyond the two usual ones.
 */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u{115F}\u{1160}\u{3164}\u{FFA0}\u{2800}\u{34F}\u{180B}-\u{180D}\u{FE00}-\u{FE0D}\u{E0100}-\u{E01EF}]/u;

/** Joiners (U+200C, U+200D) between two characters beyond ASCII, as in Persian words and emoji. */
const ORDINARY_JOINER = /(?<=[^\p{ASCII}])[\u200C\u200D](?=[^\p{ASCII}])/u;

const MARKS = new RegExp(`(\\p{M}{${MAX_MARKS}})\\p{M}+`, "gu");
const SPECIAL = new RegExp(`${ORDINARY_JOINER.source}|${HIDDEN.source}`, "gu");
/** Texts without anything to replace: most of them. */
const PLAIN = /^[\x20-\x7e]*$/;

/** Names a character by its number, as `⟨U+202E⟩`. */
function numberOf(character: string): string {
  return `⟨U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/**
 * Returns a text as it may be shown on one line.
 *
 * @param maxLength maximum length of the result without the ellipsis, in UTF-16 units
 */
export function visibleText(text: string, maxLength = MAX_SHOWN_LENGTH): string {
  return shorten(replaced(text.slice(0, maxLength + 1), false), maxLength);
}

/** Returns a text as it may be shown on several lines: line breaks stay, at most two together. */
export function visibleLines(text: string, maxLength = MAX_SHOWN_LENGTH): string {
  const lines = text.slice(0, maxLength + 1).replace(/\r\n?/g, "\n").replace(/\n{3,}/g, "\n\n");
  return shorten(replaced(lines, true), maxLength);
}

function replaced(text: string, keepsLines: boolean): string {
  if (PLAIN.test(text)) return text;
  return text.replace(MARKS, "$1").replace(SPECIAL, (character, offset: number, whole: string) => {
    if (keepsLines && (character === "\n" || character === "\t")) return character;
    const isJoiner = character === "\u200C" || character === "\u200D";
    if (isJoiner && ORDINARY_JOINER.test(whole.slice(Math.max(0, offset - 2), offset + 3))) {
      return character;
    }
    return numberOf(character);
  });
}

/** Cuts a text at `maxLength`, not inside a surrogate pair. */
function shorten(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  return `${text.slice(0, maxLength).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
