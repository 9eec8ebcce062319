/**
 * Answers the questions that peers ask at a rendezvous.
 *
 * @module
 */

import type { RendezvousAnswer, RendezvousQuestion } from "../../records/mod.ts";

/** Called with each answer of a peer of a rendezvous, and the peer's address without the port. */
export type OnAnswer = (answer: RendezvousAnswer, from: string) => void;

/** Callbacks of {@linkcode answerOf}. */
export interface QuestionListeners {
  /** Answers the question of a peer. Default: an empty answer. */
  onQuestion?: (question: RendezvousQuestion) => RendezvousAnswer | Promise<RendezvousAnswer>;
  onLog: (level: "warn" | "debug", message: string) => void;
}

/** Returns the host's answer to a question; an empty one if the host has none, or fails. */
export async function answerOf(
  question: RendezvousQuestion,
  { onQuestion, onLog }: QuestionListeners,
): Promise<RendezvousAnswer> {
  try {
    if (onQuestion) return await onQuestion(question);
  } catch (error) {
    onLog("debug", `a question at a rendezvous was not answered: ${(error as Error).message}`);
  }
  return { entries: [], items: [] };
}
