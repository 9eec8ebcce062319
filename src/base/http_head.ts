/**
 * Strict parser of the parts of an HTTP/1.1 response (RFC 9112) that are text: its head, and the
 * lines that give the lengths of chunks. The readers of web seeds and of the router share it.
 *
 * @module
 */

/** Head of a response: status, and fields by name in lower case. */
export interface HttpHead {
  status: number;
  fields: Map<string, string>;
}

/** Makes the error for a part that is not valid. `what` completes the caller's message. */
export type BadHttp = (what: string) => Error;

/**
 * Parses the head of a response. Two different values of a field that says what the body is, or
 * where to go, are not valid.
 *
 * @param text the head without the empty line at its end; each byte is one character
 * @throws what `bad` makes
 */
export function parseHttpHead(text: string, bad: BadHttp): HttpHead {
  const [first, ...lines] = text.split("\r\n");
  const [, status] = /^HTTP\/1\.[01] (\d{3})(?: .*)?$/.exec(first!) ?? [];
  if (status === undefined) throw bad("its first line has no status");
  const fields = new Map<string, string>();
  for (const line of lines) {
    const [, name, value = ""] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined) throw bad("a line of its head is no field");
    const key = name.toLowerCase();
    const isOther = fields.has(key) && fields.get(key) !== value;
    if (isOther && /^(content-|transfer-|location)/.test(key)) throw bad(`two fields ${key}`);
    fields.set(key, value);
  }
  return { status: Number(status), fields };
}

/**
 * Parses the line before a chunk (RFC 9112, section 7.1). Returns the chunk's length, bytes, of at
 * most 8 hexadecimal digits. The last chunk has the length 0.
 *
 * @throws what `bad` makes
 */
export function parseChunkLine(line: string, bad: BadHttp): number {
  const [, digits] = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?$/i.exec(line) ?? [];
  if (digits === undefined) throw bad("a chunk has no length");
  return parseInt(digits, 16);
}
