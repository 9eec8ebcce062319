/**
 * Turns one page of Markdown into HTML, with its headings and its links.
 *
 * @module
 */

import { Marked, type Tokens } from "marked";

/** A heading of a page. */
export interface Heading {
  /** 1 to 6. */
  level: number;
  /** Text without markup. */
  text: string;
  /** Anchor, as GitHub makes it. */
  anchor: string;
}

/** A page of Markdown. */
export interface Page {
  /** Path in the repository: `docs/operations.md`. */
  path: string;
  title: string;
  headings: Heading[];
  html: string;
}

/** Returns the address of a link for the page's HTML, or throws with the reason why it is dead. */
export type ResolveLink = (target: string) => string;

/** Returns the path in the site of a page in the repository: `docs/README.md` is `docs/index.html`. */
export function htmlPathOf(path: string): string {
  return path.replace(/(^|\/)README\.md$/, "$1index.html").replace(/\.md$/, ".html");
}

/** Reads the headings of a page. */
export function headingsOf(markdown: string): Heading[] {
  const marked = new Marked();
  const used = new Map<string, number>();
  const headings: Heading[] = [];
  marked.walkTokens(marked.lexer(markdown), (token) => {
    if (token.type !== "heading") return;
    const { depth, tokens = [] } = token as Tokens.Heading;
    const text = plainText(tokens);
    headings.push({ level: depth, text, anchor: anchorOf(text, used) });
  });
  return headings;
}

/** Makes the HTML of a page. `resolve` gets each target of a link or a picture. */
export function renderPage(path: string, markdown: string, resolve: ResolveLink): Page {
  const headings = headingsOf(markdown);
  let at = 0;
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth }) {
        const { anchor } = headings[at++]!;
        const link = `<a class="anchor" href="#${anchor}" aria-label="Link to this heading">#</a>`;
        return `<h${depth} id="${anchor}">${this.parser.parseInline(tokens)} ${link}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        return `<a href="${escape(resolve(href))}">${this.parser.parseInline(tokens)}</a>`;
      },
      image({ href, text }) {
        return `<img src="${escape(resolve(href))}" alt="${escape(text)}">`;
      },
      table(token) {
        const row = (cells: Tokens.TableCell[], tag: string) =>
          `<tr>${
            cells.map(({ tokens }) => `<${tag}>${this.parser.parseInline(tokens)}</${tag}>`).join(
              "",
            )
          }</tr>\n`;
        const body = token.rows.map((cells) => row(cells, "td")).join("");
        // The frame scrolls, so that a wide table does not widen the page.
        return `<div class="table" tabindex="0" role="region" aria-label="Table"><table><thead>\n${
          row(token.header, "th")
        }</thead><tbody>\n${body}</tbody></table></div>\n`;
      },
      code({ text, lang }) {
        const language = lang ? ` class="language-${escape(lang)}"` : "";
        return `<pre tabindex="0"><code${language}>${escape(text)}\n</code></pre>\n`;
      },
      // The docs have no HTML of their own; what looks like it is text.
      html: ({ text }) => escape(text),
    },
  });
  const html = marked.parse(markdown, { async: false });
  return { path, title: headings[0]?.text ?? path, headings, html };
}

/** Escapes a text for HTML. */
export function escape(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
  };
  return text.replace(/[&<>"]/g, (character) => entities[character]!);
}

/** Makes an anchor as GitHub does; a second heading of the same text gets a number. */
function anchorOf(text: string, used: Map<string, number>): string {
  const anchor = text.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
  const count = used.get(anchor) ?? 0;
  used.set(anchor, count + 1);
  return count === 0 ? anchor : `${anchor}-${count}`;
}

function plainText(tokens: readonly { type: string; text?: string; tokens?: unknown }[]): string {
  return tokens.map((token) =>
    Array.isArray(token.tokens) ? plainText(token.tokens) : unescape(token.text ?? "")
  ).join("");
}

function unescape(text: string): string {
  const characters: Record<string, string> = {
    "&amp;": "&",
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&#39;": "'",
  };
  return text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => characters[entity]!);
}
