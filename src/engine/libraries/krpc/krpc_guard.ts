/**
 * Validates KRPC packets (BEP 5, BEP 44) before the packages decode them. npm:bencode reads a negative
 * length as a step back and loops for ever (four bytes, `d-3:`, are enough), and npm:bittorrent-dht does
 * not check the types of a query's members. A packet that passes is well-formed bencode whose members have
 * the types that the packages expect; signatures and tokens are checked elsewhere. A query with an invalid
 * member gets the error that BEP 5 or BEP 44 has for it.
 *
 * @module
 */

import {
  BencodeScanner,
  COLON,
  DIGIT_0,
  LETTER_D,
  LETTER_E,
  LETTER_I,
  type Span,
} from "../../../bencode/mod.ts";
import { MAX_SALT_BYTES, MAX_VALUE_BYTES } from "../../../records/mod.ts";

const [DIGIT_1, LETTER_A, LETTER_Q, LETTER_R] = [0x31, 0x61, 0x71, 0x72];

/**
 * Type of a member: a byte string with bounds of its length, a number, or a number that is not negative.
 * Numbers have to be safe integers, because JavaScript would round other 64-bit numbers.
 */
type Rule = { least: number; most: number } | "number" | "count";

/** The error (BEP 5, BEP 44) with which a query is refused. */
export interface Refusal {
  /** 203 (protocol error), 205 (value too big), 206 (signature), 207 (salt too big). */
  code: number;
  message: string;
}

const exactly = (bytes: number): Rule => ({ least: bytes, most: bytes });

/** Types of the optional members of `a` in a query. */
const ARGUMENTS: Record<string, Rule> = {
  id: exactly(20),
  target: exactly(20),
  info_hash: exactly(20),
  token: { least: 1, most: 255 },
  k: exactly(32),
  sig: exactly(64),
  salt: { least: 0, most: MAX_SALT_BYTES },
  // BEP 44 lets a node refuse sequence numbers that are negative or that it cannot represent.
  seq: "count",
  cas: "number",
  port: "number",
  implied_port: "number",
};

/** A packet that may be handed on. */
export interface ValidPacket {
  /** A query, a reply or an error. */
  kind: "q" | "r" | "e";
  /** Transaction id as a big-endian number, if it has two bytes, as ours have. */
  transaction: number | undefined;
  /** Transaction id, 1 to 64 bytes. */
  t: Uint8Array;
  /** Bencoded `v` of a query's arguments, exactly as received (BEP 44). */
  value?: Uint8Array;
  /** Error to answer the query with, instead of handing it on. */
  refusal?: Refusal;
}

/**
 * Classifies a packet by its first four bytes, without decoding it. The keys of a dictionary are sorted, so
 * the first key is `a` in a query, `r` in a reply and `e` in an error.
 *
 * @returns `unclear` for another first key, `malformed` if the packet is no dictionary
 */
export function classifyByPrefix(packet: Uint8Array): "query" | "answer" | "unclear" | "malformed" {
  if (packet[0] !== LETTER_D) return "malformed";
  if (packet[1] !== DIGIT_1 || packet[2] !== COLON) return "unclear";
  const key = packet[3];
  if (key === LETTER_A) return "query";
  return key === LETTER_R || key === LETTER_E ? "answer" : "unclear";
}

/** Validates a packet; `undefined` if it is no query, reply or error with members of the right types. */
export function validatePacket(packet: Uint8Array): ValidPacket | undefined {
  const scanner = new BencodeScanner(packet);
  const message = membersAt(scanner, 0);
  if (!message) return undefined;
  const [t, y] = [message.get("t"), message.get("y")];
  if (!isBytes(t, 1, 64) || !isBytes(y, 1, 1)) return undefined;
  const { end, length } = t!;
  const transaction = length === 2 ? packet[end - 2]! << 8 | packet[end - 1]! : undefined;
  const about = { transaction, t: packet.subarray(end - length, end) };
  switch (packet[y!.end - 1]) {
    case LETTER_Q: {
      const query = validateQuery(packet, scanner, message);
      return query && { kind: "q", ...about, ...query };
    }
    case LETTER_R:
      return isValidBody(scanner, message.get("r")) ? { kind: "r", ...about } : undefined;
    case LETTER_E:
      return isValidError(scanner, message.get("e")) ? { kind: "e", ...about } : undefined;
    default:
      return undefined;
  }
}

/** The members of a dictionary; `undefined` if the libraries cannot build it. */
function membersAt(scanner: BencodeScanner, start: number): Map<string, Span> | undefined {
  const members = scanner.dictionary(start);
  // The plain object that the libraries build would take this member for its prototype.
  return members?.has("__proto__") ? undefined : members;
}

function isValidBody(scanner: BencodeScanner, body: Span | undefined): boolean {
  const members = body && membersAt(scanner, body.start);
  const id = members?.get("id");
  return members !== undefined && (id === undefined || id.kind === DIGIT_0);
}

function isValidError(scanner: BencodeScanner, error: Span | undefined): boolean {
  return error === undefined || scanner.isFlatList(error);
}

/** Validates a query; `undefined` if it gets no answer, not even an error. */
function validateQuery(
  packet: Uint8Array,
  scanner: BencodeScanner,
  message: Map<string, Span>,
): Pick<ValidPacket, "value" | "refusal"> | undefined {
  const a = message.get("a");
  const members = a && membersAt(scanner, a.start);
  if (!isBytes(message.get("q"), 1, 64)) return undefined;
  // Every query names its sender (BEP 5). Without the id, a query would be shorter than its answer.
  const id = members?.get("id");
  if (!members || !isBytes(id, 20, 20)) return undefined;
  for (const [name, rule] of Object.entries(ARGUMENTS)) {
    const span = members.get(name);
    if (span !== undefined && !matches(rule, span, packet)) {
      return { refusal: refusalOf(name, span) };
    }
  }
  const value = members.get("v");
  if (value === undefined) return {};
  // BEP 44 limits the encoded length. A stored value is sent to every node that asks for it.
  if (value.end - value.start > MAX_VALUE_BYTES) {
    return { refusal: { code: 205, message: "v is too big" } };
  }
  return { value: packet.subarray(value.start, value.end) };
}

function matches(rule: Rule, span: Span, packet: Uint8Array): boolean {
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
