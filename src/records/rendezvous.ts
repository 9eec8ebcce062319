/**
 * Rendezvous: swarms without content, at which peers meet that know a name or a publisher. The infohash
 * of a rendezvous is made from the name, or from the publisher's identity. The messages of the extension
 * `lr_names` (BEP 10) ask such a peer what it knows, and carry its answer.
 *
 * An answer is a claim of a stranger: the reader verifies each entry and each item.
 *
 * @module
 */

import { createHash } from "node:crypto";
import * as v from "valibot";
import { concatBytes, utf8 } from "../base/mod.ts";
import { bdecode, type BDecoded, bencode, BencodeError, type BValue } from "../bencode/mod.ts";
import { RecordError } from "./errors.ts";
import { bytesOf, check, count, dictionary, text } from "./fields.ts";
import type { MutableItem } from "./item.ts";
import { decodeItem, encodeItem } from "./item_bytes.ts";
import { indexValue, type NameIndexEntry, readEntries } from "./name_index.ts";

/** Maximum length of a message of `lr_names`, bytes. */
export const MAX_RENDEZVOUS_BYTES = 65_536;
/** Maximum number of entries in an answer. */
export const MAX_RENDEZVOUS_ENTRIES = 64;
/**
 * Maximum number of items in an answer: a publisher record, and the announce record of each key, or
 * the manifest record of each key.
 */
export const MAX_RENDEZVOUS_ITEMS = 8;
/** Maximum number of questions that a peer answers on one connection. */
export const MAX_QUESTIONS = 4;

/** A question to a peer of a rendezvous. */
export type RendezvousQuestion =
  /** Asks which publishers have a package of this name. */
  | { kind: "name"; name: string }
  /** Asks for the newest records of a publisher (32 bytes), and how much of it the peer seeds. */
  | { kind: "publisher"; publicKey: Uint8Array }
  /** Asks for the manifest records of one version of a package of a publisher (32 bytes). */
  | { kind: "manifest"; publicKey: Uint8Array; name: string; version: string };

/** Claim of a peer about itself as a seeder of one publisher. Nothing of it is proved. */
export interface SeederFacts {
  /** Version of libreseed that the peer runs, at most 64 characters. */
  version: string;
  /** Number of the publisher's archives that it seeds. */
  archives: number;
  /** Length of these archives, bytes. */
  bytes: number;
  /** Time since the peer's start, seconds. */
  uptimeSeconds: number;
}

/** The answer to a {@linkcode RendezvousQuestion}. */
export interface RendezvousAnswer {
  /** Entries of the name, at most 64; empty for the other questions. */
  entries: NameIndexEntry[];
  /**
   * The publisher record and the announce records of a publisher, or the manifest records of a version,
   * one for each key that signed it; at most 8.
   */
  items: MutableItem[];
  /** The peer's claim about what it seeds of the publisher; absent if it makes none. */
  seeder?: SeederFacts;
}

/** Returns the infohash at which peers meet that know a name: SHA-1(`libreseed:name:` NAME), 20 bytes. */
export function nameRendezvous(name: string): Uint8Array {
  return sha1(utf8(`libreseed:name:${name}`));
}

/**
 * Returns the infohash at which the seeders of a publisher meet: SHA-1(`libreseed:publisher:` and the
 * 32 bytes of the identity), 20 bytes.
 */
export function publisherRendezvous(identity: Uint8Array): Uint8Array {
  return sha1(concatBytes(utf8("libreseed:publisher:"), identity));
}

/** Returns the infohash at which the peers meet that are asked a question, 20 bytes. */
export function rendezvousOf(question: RendezvousQuestion): Uint8Array {
  return question.kind === "name"
    ? nameRendezvous(question.name)
    : publisherRendezvous(question.publicKey);
}

const question = v.union([
  dictionary({ n: text, q: v.pipe(text, v.literal("name")), t: count }),
  dictionary({ k: bytesOf(32), q: v.pipe(text, v.literal("publisher")), t: count }),
  dictionary({
    k: bytesOf(32),
    n: text,
    q: v.pipe(text, v.literal("manifest")),
    t: count,
    v: text,
  }),
]);

const seeder = dictionary({
  a: count,
  b: count,
  u: count,
  v: v.pipe(text, v.maxLength(64, "longer than 64 characters")),
});

const answer = dictionary({
  e: v.optional(
    v.pipe(v.array(v.any(), "not a list"), v.maxLength(MAX_RENDEZVOUS_ENTRIES, "too many")),
  ),
  i: v.optional(
    v.pipe(
      v.array(v.instance(Uint8Array, "not a byte string"), "not a list"),
      v.maxLength(MAX_RENDEZVOUS_ITEMS, "too many"),
    ),
  ),
  s: v.optional(seeder),
  t: count,
});

/**
 * Encodes a question: a dictionary of `t`, its number on the connection, `q`, which is `name`,
 * `publisher` or `manifest`, and, as far as the question has them, `n`, the name, `k`, the identity,
 * and `v`, the version.
 */
export function encodeQuestion(number: number, asked: RendezvousQuestion): Uint8Array<ArrayBuffer> {
  return bencode({
    ...(asked.kind !== "name" && { k: asked.publicKey }),
    ...(asked.kind !== "publisher" && { n: asked.name }),
    q: asked.kind,
    t: number,
    ...(asked.kind === "manifest" && { v: asked.version }),
  } as BValue);
}

/**
 * Decodes a message as a question. Returns `undefined` for a message that has no `q`, which is an answer.
 *
 * @throws {RecordError} `BAD_BENCODE` or `BAD_RECORD`, also for a kind of question that is not known
 */
export function decodeQuestion(
  message: Uint8Array,
): { number: number; question: RendezvousQuestion } | undefined {
  const decoded = decodeMessage(message);
  if (!(decoded instanceof Map) || !decoded.has("q")) return undefined;
  const read = check(question, decoded, "rendezvous question");
  const { t: number } = read;
  if (!("k" in read)) return { number, question: { kind: "name", name: read.n } };
  const { k: publicKey } = read;
  return {
    number,
    question: "v" in read
      ? { kind: "manifest", publicKey, name: read.n, version: read.v }
      : { kind: "publisher", publicKey },
  };
}

/**
 * Encodes an answer: a dictionary of `t`, the number of the question, and, if there are any, `e`, the
 * list of entries as in a name index, `i`, a list of items in their serialised form, and `s`, a
 * dictionary of `a` archives, `b` bytes, `u` seconds since the start, `v` version.
 */
export function encodeAnswer(number: number, told: RendezvousAnswer): Uint8Array<ArrayBuffer> {
  const { entries, items, seeder } = told;
  return bencode({
    ...(entries.length > 0 && { e: indexValue(entries) }),
    ...(items.length > 0 && { i: items.map(encodeItem) }),
    ...(seeder && {
      s: { a: seeder.archives, b: seeder.bytes, u: seeder.uptimeSeconds, v: seeder.version },
    }),
    t: number,
  } as BValue);
}

/**
 * Decodes an answer. Verifies no signature. Malformed entries and items are left out.
 *
 * @throws {RecordError} `BAD_BENCODE` or `BAD_RECORD`
 */
export function decodeAnswer(message: Uint8Array): { number: number; answer: RendezvousAnswer } {
  const decoded = decodeMessage(message);
  if (decoded instanceof Map && decoded.has("q")) {
    throw new RecordError("verification", "BAD_RECORD", "The message is a question, not an answer");
  }
  const read = check(answer, decoded, "rendezvous answer");
  const { entries } = readEntries((read.e ?? []) as BDecoded[]);
  const items = (read.i ?? []).flatMap((bytes) => {
    try {
      return [decodeItem(bytes)];
    } catch (error) {
      if (error instanceof RecordError) return [];
      throw error;
    }
  });
  const { s } = read;
  return {
    number: read.t,
    answer: {
      entries,
      items,
      ...(s && { seeder: { version: s.v, archives: s.a, bytes: s.b, uptimeSeconds: s.u } }),
    },
  };
}

function decodeMessage(message: Uint8Array): BDecoded {
  try {
    return bdecode(message, { maxBytes: MAX_RENDEZVOUS_BYTES });
  } catch (cause) {
    if (!(cause instanceof BencodeError)) throw cause;
    const { message, detail } = cause;
    throw new RecordError("verification", "BAD_BENCODE", message, { cause, detail });
  }
}

function sha1(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha1").update(bytes).digest());
}
