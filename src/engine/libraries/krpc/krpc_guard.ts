/**
 * Validates KRPC packets (BEP 5, BEP 44) before npm packages decode them. The check is needed for
 * two reasons: npm:bencode loops for ever on a byte string of negative length (the four bytes
 * `d-3:` are enough), and npm:bittorrent-dht does not check the types of a query's members.
 *
 * A packet that passes is well-formed bencode, and its members have the types that the packages
 * expect. Signatures and tokens are checked elsewhere. A query with an invalid member is answered
 * with the error that BEP 5 or BEP 44 specifies.
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
import { type QueryKind, queryKindAt } from "./packet_counts.ts";

const DIGIT_2 = 0x32;
const [DIGIT_1, LETTER_A, LETTER_Q, LETTER_R] = [0x31, 0x61, 0x71, 0x72];

/**
 * Type of a member: a byte string with a minimum and maximum length, a number, or a number that is
 * not negative. Numbers must be safe integers, because JavaScript would round larger 64-bit
 * numbers.
 */
type Rule = { least: number; most: number } | "number" | "count";

/** The KRPC error (BEP 5, BEP 44) with which an invalid query is answered. */
export interface Refusal {
  /** KRPC error code: 203 (protocol error), 205 (value too big), 206 (signature), 207 (salt too big). */
  code: number;
  message: string;
}

const exactly = (bytes: number): Rule => ({ least: bytes, most: bytes });

/** Types of the members of `a`, the arguments of a query. Each member is optional. */
const ARGUMENTS: Record<string, Rule> = {
  id: exactly(20),
  target: exactly(20),
  info_hash: exactly(20),
  token: { least: 1, most: 255 },
  k: exactly(32),
  sig: exactly(64),
  salt: { least: 0, most: MAX_SALT_BYTES },
  // BEP 44 allows a node to refuse sequence numbers that are negative or that it cannot represent.
  seq: "count",
  cas: "number",
  port: "number",
  implied_port: "number",
};

/** A KRPC packet that has been validated, reduced to the members that the DHT node uses. */
export interface ValidPacket {
  /** Kind of message: `q` for a query, `r` for a reply, `e` for an error. */
  kind: "q" | "r" | "e";
  /**
   * Transaction id as a big-endian number, if it is two bytes long. The ids of our own queries
   * always are two bytes long.
   */
  transaction: number | undefined;
  /** Transaction id as bytes; its length is 1 to 64 bytes. */
  t: Uint8Array;
  /** Kind of a query. */
  query?: QueryKind;
  /** The member `v` of a query's arguments, bencoded exactly as received (BEP 44). */
  value?: Uint8Array;
  /** Error with which to answer an invalid query. The query is not passed to the npm packages. */
  refusal?: Refusal;
}

/** Beginnings of a packet with `ip` (BEP 42), and the lengths of the whole member after `d`. */
const IP_MEMBERS = [{ text: "d2:ip6:", bytes: 12 }, { text: "d2:ip18:", bytes: 25 }];

/**
 * Classifies a packet by its first bytes, without decoding the rest. The keys of a bencoded
 * dictionary are sorted, so the first key is `a` in a query and `e` in an error. In a reply it is `r`,
 * or `ip` (BEP 42) and then `r`.
 *
 * @returns `answer` for a reply or an error, `unclear` for another first key, `malformed` if the
 * packet is not a dictionary
 */
export function classifyByPrefix(packet: Uint8Array): "query" | "answer" | "unclear" | "malformed" {
  if (packet[0] !== LETTER_D) return "malformed";
  const at = 1 + ipMemberBytes(packet);
  if (packet[at] !== DIGIT_1 || packet[at + 1] !== COLON) return "unclear";
  const key = packet[at + 2];
  if (key === LETTER_A) return "query";
  return key === LETTER_R || key === LETTER_E ? "answer" : "unclear";
}

/** Returns the length of the member `ip` at the beginning of a packet, bytes; 0 if there is none. */
function ipMemberBytes(packet: Uint8Array): number {
  if (packet[1] !== DIGIT_2) return 0;
  const begins = (text: string) => [...text].every((char, i) => char.charCodeAt(0) === packet[i]);
  return IP_MEMBERS.find(({ text }) => begins(text))?.bytes ?? 0;
}

/**
 * Validates a packet. Returns `undefined` unless the packet is a query, reply or error whose
 * members have valid types.
 */
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

/**
 * Returns the members of a bencoded dictionary; `undefined` if the npm packages cannot represent
 * the dictionary.
 */
function membersAt(scanner: BencodeScanner, start: number): Map<string, Span> | undefined {
  const members = scanner.dictionary(start);
  // The npm packages decode a dictionary to a plain object, in which a member `__proto__` would
  // replace the prototype.
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

/** Validates a query. Returns `undefined` if the query gets no answer, not even an error. */
function validateQuery(
  packet: Uint8Array,
  scanner: BencodeScanner,
  message: Map<string, Span>,
): Pick<ValidPacket, "query" | "value" | "refusal"> | undefined {
  const a = message.get("a");
  const members = a && membersAt(scanner, a.start);
  const name = message.get("q");
  if (!isBytes(name, 1, 64)) return undefined;
  const query = queryKindAt(packet, name!.end - name!.length, name!.end);
  // Every query contains its sender's id (BEP 5). A query without the id is ignored, because it
  // could be shorter than its answer, which would amplify traffic to a forged sender.
  const id = members?.get("id");
  if (!members || !isBytes(id, 20, 20)) return undefined;
  for (const [name, rule] of Object.entries(ARGUMENTS)) {
    const span = members.get(name);
    if (span !== undefined && !matches(rule, span, packet)) {
      return { refusal: refusalOf(name, span) };
    }
  }
  const value = members.get("v");
  if (value === undefined) return { query };
  // BEP 44 limits the bencoded length of a value. The limit matters, because a stored value is sent
  // to every node that asks for it.
  if (value.end - value.start > MAX_VALUE_BYTES) {
    return { refusal: { code: 205, message: "v is too big" } };
  }
  return { query, value: packet.subarray(value.start, value.end) };
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
