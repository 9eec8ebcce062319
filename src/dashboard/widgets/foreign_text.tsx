/**
 * Texts of strangers as elements. They are text nodes, isolated from the direction of the text around them.
 *
 * @module
 */

import { visibleLines, visibleText } from "../listing/mod.ts";

/** Maximum length of a text in a line of a table, UTF-16 units. */
const MAX_LINE_LENGTH = 300;

/** A text of a stranger in one line, cut by the layout where it is too long; the tooltip has more of it. */
export function Foreign({ text, class: className }: { text: string; class?: string }) {
  const shown = visibleText(text, MAX_LINE_LENGTH);
  return <bdi class={`foreign ${className ?? ""}`} title={shown}>{shown}</bdi>;
}

/** A text of a stranger in paragraphs. */
export function ForeignLines({ text }: { text: string }) {
  return <bdi class="foreign-lines">{visibleLines(text)}</bdi>;
}
