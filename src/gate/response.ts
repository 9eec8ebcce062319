/**
 * Strict reader of HTTP/1.1 responses (RFC 9112), as far as ranges of files need it. It runs in the
 * asking thread, over a connection of the gate. A library would open connections of its own.
 *
 * @module
 */

import { concatBytes, type HttpHead, parseChunkLine, parseHttpHead } from "../base/mod.ts";
import { GateError } from "./errors.ts";

/** Maximum length of a response's head, bytes. */
const MAX_HEAD_BYTES = 16 * 1024;
/** Maximum length of a line that gives a chunk's length, bytes. */
const MAX_CHUNK_LINE_BYTES = 1_024;
const LINE_FEED = 10;

/** A range of a web seed's file. */
export interface RangeOrder {
  url: string;
  /** Positions of the first and the last byte wanted. */
  first: number;
  last: number;
}

/** The bytes of a file that a response contains. */
export interface Extent {
  /** Length of the wanted bytes; absent if they end with the body. */
  lengthBytes?: number;
  /** Length of the whole file, bytes, if the server tells. */
  totalBytes?: number;
}

function bad(what: string): GateError {
  return new GateError("BAD_RESPONSE", `The web server's answer is not valid: ${what}`);
}

/**
 * Returns the bytes that a response contains. Throws if they are not the ordered ones. Expects a
 * status that is no redirect.
 */
export function extentOf({ status, fields }: HttpHead, { first, last }: RangeOrder): Extent {
  const [encoding, length] = [fields.get("content-encoding"), fields.get("content-length")];
  if (encoding !== undefined && encoding !== "identity") throw bad("its content is encoded");
  if (length !== undefined && !/^\d{1,15}$/.test(length)) throw bad("its length is no number");
  if (status === 200) {
    if (first > 0) {
      throw new GateError("RANGES_UNSUPPORTED", "The web server sends only whole files");
    }
    if (length === undefined) return {};
    return { lengthBytes: Math.min(Number(length), last + 1), totalBytes: Number(length) };
  }
  if (status !== 206) {
    throw new GateError("HTTP_STATUS", `The web server answered with status ${status}`);
  }
  const [, from, to, total = "*"] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(fields.get("content-range") ?? "") ?? [];
  const lengthBytes = Number(to) - Number(from) + 1;
  if (Number(from) !== first || Number(to) > last || !(lengthBytes > 0)) {
    throw bad("it has another range than was asked for");
  }
  if (length !== undefined && Number(length) !== lengthBytes) throw bad("its lengths differ");
  return total === "*" ? { lengthBytes } : { lengthBytes, totalBytes: Number(total) };
}

/** Reads a response from the bytes of a connection: heads first, then the body. */
export class ResponseReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#chunks = bytes[Symbol.asyncIterator]();
  }

  /** Reads the head of the final response; interim ones (status 1xx) are skipped. */
  async head(): Promise<HttpHead> {
    for (let left = MAX_HEAD_BYTES;;) {
      const text = await this.#until("\r\n\r\n", left);
      left -= text.length;
      const head = parseHttpHead(text, bad);
      if (head.status >= 200) return head;
    }
  }

  /**
   * Reads the wanted bytes of the body.
   *
   * @param wantedBytes maximum number of bytes, if the extent has no length
   * @throws {GateError} if the body ends early
   */
  async *body(
    { fields }: HttpHead,
    extent: Extent,
    wantedBytes: number,
  ): AsyncGenerator<Uint8Array> {
    const coding = fields.get("transfer-encoding")?.toLowerCase();
    if (coding !== undefined && coding !== "chunked") throw bad(`it has the coding ${coding}`);
    if (coding && fields.has("content-length")) throw bad("it has two kinds of length");
    let left = extent.lengthBytes ?? wantedBytes;
    while (left > 0) {
      const chunk = coding ? await this.#chunkLength() : left;
      if (chunk === 0) break;
      for (let inChunk = Math.min(chunk, left); inChunk > 0;) {
        if (this.#rest.length === 0 && !await this.#fill()) {
          if (coding || extent.lengthBytes !== undefined) throw bad("it ends too early");
          return;
        }
        const bytes = this.#rest.subarray(0, inChunk);
        this.#rest = this.#rest.subarray(bytes.length);
        inChunk -= bytes.length;
        left -= bytes.length;
        yield bytes;
      }
      if (coding && left > 0) await this.#until("\r\n", 0);
    }
    if (left > 0 && extent.lengthBytes !== undefined) throw bad("it ends too early");
  }

  /** Reads the next chunk's length (RFC 9112, section 7.1). The last one is 0. */
  async #chunkLength(): Promise<number> {
    const line = await this.#until("\r\n", MAX_CHUNK_LINE_BYTES);
    return parseChunkLine(line, bad);
  }

  /**
   * Reads text up to a mark, which ends with a line feed, and drops the mark. Each byte is one
   * character. Looks at each byte a few times at most, however short the parts are in which the
   * server sends.
   */
  async #until(mark: string, maxBytes: number): Promise<string> {
    for (let searched = 0;;) {
      const shown = this.#rest.subarray(0, maxBytes + mark.length);
      for (let end; (end = shown.indexOf(LINE_FEED, searched)) !== -1;) {
        searched = end + 1;
        const at = searched - mark.length;
        if (at < 0 || String.fromCharCode(...shown.subarray(at, searched)) !== mark) continue;
        this.#rest = this.#rest.subarray(searched);
        return String.fromCharCode(...shown.subarray(0, at));
      }
      searched = shown.length;
      if (shown.length === maxBytes + mark.length) throw bad("its head or a line is too long");
      if (!await this.#fill()) throw bad("it ends too early");
    }
  }

  async #fill(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done) return false;
    this.#rest = this.#rest.length === 0 ? value : concatBytes(this.#rest, value);
    return true;
  }
}
