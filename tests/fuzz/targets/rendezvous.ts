/** Fuzz targets of rendezvous: the questions that peers ask, and the answers that they give. */

import assert from "node:assert/strict";
import { equalBytes } from "../../../src/base/mod.ts";
import {
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
  MAX_RENDEZVOUS_BYTES,
  MAX_RENDEZVOUS_ENTRIES,
  MAX_RENDEZVOUS_ITEMS,
  RecordError,
  rendezvousOf,
} from "../../../src/records/mod.ts";
import { fromHexText, vectors } from "../seeds.ts";
import { readOrRefuse, stateless, type Target } from "../target.ts";

type Messages = Record<
  "questions" | "refusedQuestions" | "answers" | "partlyRead" | "refusedAnswers",
  { bytesHex: string }[]
>;

const read = <T>(parse: () => T) => readOrRefuse(RecordError, parse);

async function messages(...kinds: (keyof Messages)[]): Promise<Uint8Array[]> {
  const all = await vectors<Messages>("rendezvous");
  return kinds.flatMap((kind) => all[kind].map(({ bytesHex }) => fromHexText(bytesHex)));
}

const questionTarget: Target = {
  name: "rendezvous-question",
  seeds: () => messages("questions", "refusedQuestions", "answers"),
  open: stateless((bytes) => {
    const asked = read(() => decodeQuestion(bytes));
    if (!asked) return;
    assert.ok(bytes.length <= MAX_RENDEZVOUS_BYTES, "a question of more than 64 KiB");
    assert.equal(rendezvousOf(asked.question).length, 20);
    const again = encodeQuestion(asked.number, asked.question);
    assert.deepEqual(decodeQuestion(again), asked);
    assert.ok(again.length <= bytes.length, "a question without its unknown keys is longer");
  }),
};

const answerTarget: Target = {
  name: "rendezvous-answer",
  seeds: () => messages("answers", "partlyRead", "refusedAnswers", "questions"),
  open: stateless((bytes) => {
    const told = read(() => decodeAnswer(bytes));
    if (!told) return;
    const { entries, items } = told.answer;
    assert.ok(bytes.length <= MAX_RENDEZVOUS_BYTES, "an answer of more than 64 KiB");
    assert.ok(entries.length <= MAX_RENDEZVOUS_ENTRIES, "too many entries");
    assert.ok(items.length <= MAX_RENDEZVOUS_ITEMS, "too many items");
    assert.equal(read(() => decodeQuestion(bytes)), undefined, "an answer that is a question, too");
    const again = encodeAnswer(told.number, told.answer);
    const reread = decodeAnswer(again);
    // Encoding sorts the entries.
    assert.equal(reread.answer.entries.length, entries.length);
    assert.deepEqual({ ...reread.answer, entries }, told.answer);
    assert.ok(equalBytes(encodeAnswer(told.number, reread.answer), again));
  }),
};

export const rendezvousTargets: readonly Target[] = [questionTarget, answerTarget];
