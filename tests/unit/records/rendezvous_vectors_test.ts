/**
 * Infohashes and messages of rendezvous against the vectors, which an independent program has made.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fromHex, toHex } from "../../../src/base/mod.ts";
import {
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
  RecordError,
  type RendezvousAnswer,
  rendezvousOf,
  type RendezvousQuestion,
  verifyItem,
  verifyNameIndexEntry,
} from "../../../src/records/mod.ts";
import vectors from "../../vectors/rendezvous.json" with { type: "json" };

interface QuestionVector {
  kind: string;
  name?: string;
  version?: string;
  publicKeyHex?: string;
}

interface AnswerVector {
  number: number;
  entries: {
    publicKeyHex: string;
    version: string;
    firstSeenMs: number;
    timestampMs: number;
    signatureHex: string;
  }[];
  items: {
    publicKeyHex: string;
    saltHex: string;
    seq: number;
    valueHex: string;
    signatureHex: string;
  }[];
  seeder?: RendezvousAnswer["seeder"];
  bytesHex: string;
}

const bytes = (hex: string) => fromHex(hex)!;

function questionOf({ publicKeyHex, ...rest }: QuestionVector): RendezvousQuestion {
  const publicKey = publicKeyHex === undefined ? {} : { publicKey: bytes(publicKeyHex) };
  return { ...rest, ...publicKey } as RendezvousQuestion;
}

function answerOf({ entries, items, seeder }: AnswerVector): RendezvousAnswer {
  return {
    entries: entries.map(({ publicKeyHex, signatureHex, ...entry }) => ({
      ...entry,
      publicKey: bytes(publicKeyHex),
      signature: bytes(signatureHex),
    })),
    items: items.map(({ publicKeyHex, saltHex, seq, valueHex, signatureHex }) => ({
      publicKey: bytes(publicKeyHex),
      salt: bytes(saltHex),
      seq,
      value: bytes(valueHex),
      signature: bytes(signatureHex),
    })),
    ...(seeder && { seeder }),
  };
}

const answers = vectors.answers as AnswerVector[];
const partlyRead = vectors.partlyRead as AnswerVector[];

Deno.test("infohashes of names and publishers are as in the vectors", () => {
  for (const { infoHashHex, obfuscatedHex: _, ...question } of vectors.places) {
    assert.equal(toHex(rendezvousOf(questionOf(question as QuestionVector))), infoHashHex);
  }
});

Deno.test("questions are as in the vectors, to the byte", () => {
  for (const { number, question, bytesHex } of vectors.questions) {
    const asked = questionOf(question as QuestionVector);
    assert.equal(toHex(encodeQuestion(number, asked)), bytesHex);
    assert.deepEqual(decodeQuestion(bytes(bytesHex)), { number, question: asked });
  }
  const { number, question, bytesHex } = vectors.withUnknownKey;
  assert.deepEqual(decodeQuestion(bytes(bytesHex)), { number, question: questionOf(question) });
});

Deno.test("answers are as in the vectors, to the byte, and their signatures are valid", () => {
  for (const vector of answers) {
    const told = answerOf(vector);
    assert.equal(toHex(encodeAnswer(vector.number, told)), vector.bytesHex);
    assert.deepEqual(decodeAnswer(bytes(vector.bytesHex)), { number: vector.number, answer: told });
    for (const entry of told.entries) assert.ok(verifyNameIndexEntry("hello", entry));
    for (const item of told.items) assert.ok(verifyItem(item));
  }
});

Deno.test("of an answer, what is malformed or unknown is left out", () => {
  for (const vector of partlyRead) {
    const read = decodeAnswer(bytes(vector.bytesHex));
    assert.deepEqual(read, { number: vector.number, answer: answerOf(vector) });
  }
});

Deno.test("messages that the vectors refuse are refused", () => {
  for (const { why, bytesHex } of vectors.refusedQuestions) {
    assert.throws(() => decodeQuestion(bytes(bytesHex)), RecordError, why);
  }
  for (const { why, bytesHex } of vectors.refusedAnswers) {
    assert.throws(() => decodeAnswer(bytes(bytesHex)), RecordError, why);
  }
});
