/**
 * A small strict reader of XML, for the documents of UPnP. It refuses document types, so the only
 * references are XML's five entities and character numbers. It drops namespaces, because routers
 * write wrong ones, and skips attributes.
 *
 * @module
 */

import { tryFromUtf8 } from "../base/mod.ts";
import { badAnswer } from "./errors.ts";

/** Maximum length of a document, bytes. Descriptions of routers have 2 to 20 KiB. */
export const MAX_XML_BYTES = 128 * 1024;
/** Maximum number of elements, and maximum nesting depth. */
const MAX_ELEMENTS = 4_000;
const MAX_DEPTH = 32;

/** An element. */
export interface XmlElement {
  /** Name without its namespace prefix. */
  name: string;
  /** The element's own text, without white space at both ends. */
  text: string;
  children: XmlElement[];
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

const NAME = "[A-Za-z_][\\w.-]*";
/** Start tag, end tag, or empty tag, at the current position. */
const TAG = new RegExp(
  `<(?:/(?<end>(?:${NAME}:)?${NAME})\\s*|(?<start>(?:${NAME}:)?${NAME})` +
    `(?:\\s+[\\w:.-]+\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*\\s*(?<empty>/)?)>`,
  "y",
);
/** Parts that are skipped: comments and processing instructions. */
const SKIPPED = [["<!--", "-->"], ["<?", "?>"]] as const;
const CDATA = ["<![CDATA[", "]]>"] as const;

/**
 * Reads a document in UTF-8 and returns its root element.
 *
 * @throws {RouterError} `ROUTER_ANSWER`
 */
export function readXml(bytes: Uint8Array): XmlElement {
  if (bytes.length > MAX_XML_BYTES) throw badAnswer(`more than ${MAX_XML_BYTES} bytes of XML`);
  const text = tryFromUtf8(bytes);
  if (text === undefined) throw badAnswer("its XML is not UTF-8");
  // The document is the only child of an element that does not exist.
  const document: XmlElement = { name: "", text: "", children: [] };
  /** The open elements, outermost first, with their names as written. */
  const open: { element: XmlElement; written: string }[] = [{ element: document, written: "" }];
  let elements = 0;
  for (let at = 0; at < text.length;) {
    const { element, written } = open.at(-1)!;
    const next = text.indexOf("<", at);
    const end = next === -1 ? text.length : next;
    element.text += decoded(text.slice(at, end));
    if (next === -1) break;
    const skipped = SKIPPED.find(([begin]) => text.startsWith(begin, next));
    if (skipped) {
      at = endOf(text, next, skipped);
      continue;
    }
    if (text.startsWith(CDATA[0], next)) {
      at = endOf(text, next, CDATA);
      element.text += text.slice(next + CDATA[0].length, at - CDATA[1].length);
      continue;
    }
    TAG.lastIndex = next;
    const { start, end: ended, empty } = TAG.exec(text)?.groups ?? {};
    at = TAG.lastIndex;
    if (ended !== undefined) {
      if (ended !== written) throw badAnswer("its XML has an end tag without a start tag");
      element.text = element.text.trim();
      open.pop();
    } else if (start !== undefined) {
      if (++elements > MAX_ELEMENTS) throw badAnswer(`more than ${MAX_ELEMENTS} elements of XML`);
      const child = { name: start.slice(start.indexOf(":") + 1), text: "", children: [] };
      element.children.push(child);
      if (empty === undefined) open.push({ element: child, written: start });
      if (open.length > MAX_DEPTH) throw badAnswer(`more than ${MAX_DEPTH} levels of XML`);
    } else throw badAnswer("its XML has a tag that is not well-formed, or a document type");
  }
  const [root, ...others] = document.children;
  if (open.length > 1 || !root || others.length > 0 || document.text.trim() !== "") {
    throw badAnswer("its XML is not one element");
  }
  return root;
}

/** Returns the first child of this name, or `undefined`. */
export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}

/** Returns the text of the first child of this name, or `undefined`. */
export function textOf(element: XmlElement, name: string): string | undefined {
  return childOf(element, name)?.text;
}

/** Escapes text for the content of an element. */
export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Decodes references. An ampersand that begins no reference stays, because many
 * routers do not escape ampersands. */
function decoded(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{1,8}));/gi, (whole, dec, hex, name) => {
    if (name !== undefined) return Object.hasOwn(ENTITIES, name) ? ENTITIES[name]! : whole;
    const code = dec === undefined ? parseInt(hex, 16) : Number(dec);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** Returns the position after a part that begins at `at`. */
function endOf(text: string, at: number, [begin, end]: readonly [string, string]): number {
  const found = text.indexOf(end, at + begin.length);
  if (found === -1) throw badAnswer("its XML ends too early");
  return found + end.length;
}
