/**
 * Looks at a KRPC packet (BEP 5, BEP 44) before the libraries do. npm:bencode reads a negative length
 * as a step back and loops for ever (four bytes, `d-3:`, are enough), and npm:bittorrent-dht takes the
 * members of a query for what they should be. What passes here is well-formed bencode whose members
 * have the types that the libraries use them as. It says nothing about whether they are true. A query
 * with a member that cannot be used gets the error that BEP 5 or BEP 44 has for it.
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
} from "../../bencode/mod.ts";
import { MAX_SALT_BYTES, MAX_VALUE_BYTES } from "../../records/mod.ts";

const [DIGIT_1, LETTER_A, LETTER_Q, LETTER_R] = [0x31, 0x61, 0x71, 0x72];

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

/** The members of a dictionary; `undefined` if the libraries cannot build it. */
function membersAt(scanner: BencodeScanner, start: number): Map<string, Span> | undefined {
  const members = scanner.dictionary(start);
  // The plain object that the libraries build would take this member for its prototype.
  return members?.has("__proto__") ? undefined : members;
}

function bodyIsSound(scanner: BencodeScanner, body: Span | undefined): boolean {
  const members = body && membersAt(scanner, body.start);
  const id = members?.get("id");
  return members !== undefined && (id === undefined || id.kind === DIGIT_0);
}

function errorIsSound(scanner: BencodeScanner, error: Span | undefined): boolean {
  return error === undefined || scanner.isFlatList(error);
}

/** What of a query others need; `undefined` if nobody is to hear of it. */
function queryOf(
  packet: Uint8Array,
  scanner: BencodeScanner,
  message: Map<string, Span>,
): Pick<Sound, "value" | "refusal"> | undefined {
  const a = message.get("a");
  const members = a && membersAt(scanner, a.start);
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
