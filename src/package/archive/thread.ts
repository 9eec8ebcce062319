/**
 * Code that runs in a thread that compresses or hashes; `threads.ts` starts the thread. The thread
 * has no network access, and may open only the archive of its pass and the copy. It has no keys and
 * parses nothing.
 *
 * @module
 */

import { gzipMember } from "./gzip_member.ts";
import { type PassFailure, type PassPlan, PassState, PassStopped } from "./pass_state.ts";
import { PassSteps } from "./pass_steps.ts";

/**
 * A message that orders a thread to compress or to hash. The thread answers orders in sequence,
 * each once.
 */
export type Order =
  | { order: "compress"; bytes: Uint8Array }
  /** One thread's part of a pass over an archive, see {@linkcode PassSteps}. */
  | { order: "pass"; plan: PassPlan; part: "whole" | "help" };

/** The answer to an order, or a progress report. */
export interface Answer {
  /** The input buffer that came with the order, returned for reuse. */
  bytes?: Uint8Array;
  member?: Uint8Array;
  /** Set in a progress report: the range of the pass that the thread has finished. */
  range?: number;
  /** Set if the pass was stopped. `failure` is missing if another thread reports it. */
  stopped?: { failure?: PassFailure };
}

declare const self: {
  onmessage: (event: { data: Order }) => void;
  postMessage(message: Answer, transfer?: ArrayBufferLike[]): void;
};

function pass(plan: PassPlan, part: "whole" | "help"): Answer {
  try {
    using steps = new PassSteps(plan);
    for (const range of part === "whole" ? steps.whole() : steps.help()) {
      if (range !== undefined) self.postMessage({ range });
    }
    return {};
  } catch (error) {
    if (!(error instanceof PassStopped)) throw error;
    new PassState(plan.shared).stop();
    return { stopped: { failure: error.failure } };
  }
}

self.onmessage = ({ data }) => {
  if (data.order === "pass") return self.postMessage(pass(data.plan, data.part));
  const { bytes } = data;
  const member = gzipMember(bytes);
  self.postMessage({ bytes, member }, [bytes.buffer, member.buffer]);
};
