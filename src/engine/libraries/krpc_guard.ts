/**
 * Looks at a KRPC packet (BEP 5, BEP 44) before the libraries do. npm:bencode reads a negative length
 * as a step back and loops for ever (four bytes, `d-3:`, are enough), and npm:bittorrent-dht takes the
 * members of a query for what they should be. What passes here is well-formed bencode whose members
 * have the types that the libraries use them as. It says nothing about whether they are true. A query
 * with a member that cannot be used gets the error that BEP 5 or BEP 44 has for it.
 *
 * @module
 */

import { MAX_SALT_BYTES, MAX_VALUE_BYTES } from "../../records/mod.ts";

const MAX_DEPTH = 32;
const [DIGIT_0, DIGIT_9, COLON, MINUS] = [0x30, 0x39, 0x3a, 0x2d];
const [LETTER_D, LETTER_E, LETTER_I, LETTER_L] = [0x64, 0x65, 0x69, 0x6c];
const [DIGIT_1, LETTER_A, LETTER_Q, LETTER_R] = [0x31, 0x61, 0x71, 0x72];
/** Digits of a length: a packet has at most 65,507 bytes. */
const MAX_LENGTH_DIGITS = 5;
/** Digits of a number: libtorrent's are of 64 bits. */
const MAX_NUMBER_DIGITS = 20;
/** Names of members that anybody looks at are no longer than this. */
const MAX_NAME_BYTES = 64;

/** A value's place in the packet. */
interface Span {
  /** Its first byte; for any byte string the digit 0. */
  kind: number;
  /** First byte of the encoded value. */
  start: number;
  /** First byte after it. */
  end: number;
  /** Length of a byte string's content. */
  length: number;
}

/**
 * What a member must be: a byte string of so many bytes at least and at most, or a number. Numbers are
 * safe integers: JavaScript would take another 64-bit number for one nearby.
 */
type Rule = { least: number; most: number } | "number" | "count";

/** Why a query is refused: an error of BEP 5 or BEP 44. */
export interface Refusal {
  /** 203 (protocol error), 205 (value too big), 206 (signature), 207 (salt too big). */
  code: number;
  message: string;
}

const exactly = (bytes: number): Rule => ({ least: bytes, most: bytes });

/** Members of `a` in a query, where they are there. */
const ARGUMENTS: Record<string, Rule> = {
  id: exactly(20),
  target: exactly(20),
  info_hash: exactly(20),
  token: { least: 1, most: 255 },
  k: exactly(32),
  sig: exactly(64),
  salt: { least: 0, most: MAX_SALT_BYTES },
  // BEP 44 lets a node refuse negative ones, and those that it cannot hold.
  seq: "count",
  cas: "number",
  port: "number",
  implied_port: "number",
};

/** What a packet is that may be handed on. */
export interface Sound {
  /** A query, a reply or an error. */
  kind: "q" | "r" | "e";
  /** Its transaction id, if that has the two bytes that ours have, big-endian. */
  transaction: number | undefined;
  /** Its transaction id as it is, 1 to 64 bytes. */
  t: Uint8Array;
  /** The encoded `v` of a query's arguments, as it stands in the packet (BEP 44). */
  value?: Uint8Array;
  /** Why the query is not handed on, if it is not. */
  refusal?: Refusal;
}

/**
 * What a packet seems to be by its first bytes, before anything is read or made of it: a dictionary's
 * keys are sorted, and the first of a message is `a` in a query, `r` in a reply and `e` in an error.
 * `unclear` if it begins otherwise, `malformed` if it cannot be a message.
 */
export function glance(packet: Uint8Array): "query" | "answer" | "unclear" | "malformed" {
  if (packet[0] !== LETTER_D) return "malformed";
  if (packet[1] !== DIGIT_1 || packet[2] !== COLON) return "unclear";
  const key = packet[3];
  if (key === LETTER_A) return "query";
  return key === LETTER_R || key === LETTER_E ? "answer" : "unclear";
}

/**
 * What a packet is; `undefined` if it may not be handed on: it is no query, reply or error with members
 * of the right types.
 */
export function examine(packet: Uint8Array): Sound | undefined {
  const scanner = new Scanner(packet);
  const message = scanner.dictionary(0);
  if (!message) return undefined;
  const [t, y] = [message.get("t"), message.get("y")];
  if (!isBytes(t, 1, 64) || !isBytes(y, 1, 1)) return undefined;
  const { end, length } = t!;
  const transaction = length === 2 ? packet[end - 2]! << 8 | packet[end - 1]! : undefined;
  const about = { transaction, t: packet.subarray(end - length, end) };
  switch (packet[y!.end - 1]) {
    case LETTER_Q: {
      const query = queryOf(packet, scanner, message);
      return query && { kind: "q", ...about, ...query };
    }
    case LETTER_R:
      return bodyIsSound(scanner, message.get("r")) ? { kind: "r", ...about } : undefined;
    case LETTER_E:
      return errorIsSound(scanner, message.get("e")) ? { kind: "e", ...about } : undefined;
    default:
      return undefined;
  }
}

function bodyIsSound(scanner: Scanner, body: Span | undefined): boolean {
  const members = body && scanner.dictionary(body.start);
  const id = members?.get("id");
  return members !== undefined && (id === undefined || id.kind === DIGIT_0);
}

function errorIsSound(scanner: Scanner, error: Span | undefined): boolean {
  return error === undefined || scanner.isFlatList(error);
}

/** What of a query others need; `undefined` if nobody is to hear of it. */
function queryOf(
  packet: Uint8Array,
  scanner: Scanner,
  message: Map<string, Span>,
): Pick<Sound, "value" | "refusal"> | undefined {
  const a = message.get("a");
  const members = a && scanner.dictionary(a.start);
  if (!isBytes(message.get("q"), 1, 64)) return undefined;
  // BEP 5 has every query name its sender; to leave it out would only make a short query for a long answer.
  const id = members?.get("id");
  if (!members || !isBytes(id, 20, 20)) return undefined;
  for (const [name, rule] of Object.entries(ARGUMENTS)) {
    const span = members.get(name);
    if (span !== undefined && !keeps(rule, span, packet)) return { refusal: refusalOf(name, span) };
  }
  const value = members.get("v");
  if (value === undefined) return {};
  // BEP 44 counts the encoded value. Whatever was kept would be sent to whoever asks.
  if (value.end - value.start > MAX_VALUE_BYTES) {
    return { refusal: { code: 205, message: "v is too big" } };
  }
  return { value: packet.subarray(value.start, value.end) };
}

function keeps(rule: Rule, span: Span, packet: Uint8Array): boolean {
  if (typeof rule === "object") return isBytes(span, rule.least, rule.most);
  if (span.kind !== LETTER_I) return false;
  let digits = "";
  for (let at = span.start + 1; at < span.end - 1; at++) digits += String.fromCharCode(packet[at]!);
  const number = Number(digits);
  return Number.isSafeInteger(number) && (rule === "number" || number >= 0);
}

function refusalOf(name: string, span: Span): Refusal {
  if (span.kind === DIGIT_0 && name === "salt") return { code: 207, message: "salt is too big" };
  if (span.kind === DIGIT_0 && name === "sig") return { code: 206, message: "invalid signature" };
  return { code: 203, message: `invalid ${name}` };
}

function isBytes(span: Span | undefined, least: number, most: number): boolean {
  return span?.kind === DIGIT_0 && span.length >= least && span.length <= most;
}

/** Instead of where a value ends, when it is not well formed. */
const MALFORMED = -1;

/** Finds where values begin and end, without building them. */
class Scanner {
  readonly #bytes: Uint8Array;
  /** Length of the content of the byte string that was looked at last. */
  #length = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The members of the dictionary at `start`; `undefined` if there is no well-formed one. */
  dictionary(start: number): Map<string, Span> | undefined {
    if (this.#bytes[start] !== LETTER_D) return undefined;
    const members = new Map<string, Span>();
    for (let at = start + 1; this.#bytes[at] !== LETTER_E;) {
      const valueStart = this.#byteString(at);
      if (valueStart === MALFORMED) return undefined;
      const name = this.#text(valueStart - this.#length, valueStart);
      const end = this.#value(valueStart, 1);
      // A plain object, which the libraries make of it, would take this for its prototype.
      if (end === MALFORMED || name === "__proto__") return undefined;
      const first = this.#bytes[valueStart]!;
      const isByteString = first >= DIGIT_0 && first <= DIGIT_9;
      members.set(name, {
        kind: isByteString ? DIGIT_0 : first,
        start: valueStart,
        end,
        length: isByteString ? this.#length : 0,
      });
      at = end;
    }
    return members;
  }

  /** Whether a value is a list of nothing but numbers and byte strings. */
  isFlatList(span: Span): boolean {
    if (span.kind !== LETTER_L) return false;
    for (let at = span.start + 1; at < span.end - 1;) {
      const kind = this.#bytes[at];
      if (kind === LETTER_L || kind === LETTER_D) return false;
      at = this.#value(at, 0);
    }
    return true;
  }

  /** Where the value at `start` ends. */
  #value(start: number, depth: number): number {
    if (depth > MAX_DEPTH) return MALFORMED;
    switch (this.#bytes[start]) {
      case LETTER_I:
        return this.#number(start);
      case LETTER_L:
      case LETTER_D:
        return this.#container(start, depth);
      default:
        return this.#byteString(start);
    }
  }

  #number(start: number): number {
    const digits = this.#bytes[start + 1] === MINUS ? start + 2 : start + 1;
    const end = this.#digits(digits, MAX_NUMBER_DIGITS);
    return end === digits || this.#bytes[end] !== LETTER_E ? MALFORMED : end + 1;
  }

  #container(start: number, depth: number): number {
    const isDictionary = this.#bytes[start] === LETTER_D;
    let at = start + 1;
    while (this.#bytes[at] !== LETTER_E) {
      if (isDictionary) at = this.#byteString(at);
      if (at !== MALFORMED) at = this.#value(at, depth + 1);
      if (at === MALFORMED) return MALFORMED;
    }
    return at + 1;
  }

  #byteString(start: number): number {
    const colon = this.#digits(start, MAX_LENGTH_DIGITS);
    if (colon === start || this.#bytes[colon] !== COLON) return MALFORMED;
    let length = 0;
    for (let at = start; at < colon; at++) length = length * 10 + this.#bytes[at]! - DIGIT_0;
    const end = colon + 1 + length;
    if (end > this.#bytes.length) return MALFORMED;
    this.#length = length;
    return end;
  }

  /** Where the digits that begin at `start` end. */
  #digits(start: number, most: number): number {
    let at = start;
    while (at - start < most && this.#bytes[at]! >= DIGIT_0 && this.#bytes[at]! <= DIGIT_9) at++;
    return at;
  }

  #text(start: number, end: number): string {
    if (end - start > MAX_NAME_BYTES) return "";
    let text = "";
    for (let at = start; at < end; at++) text += String.fromCharCode(this.#bytes[at]!);
    return text;
  }
}
