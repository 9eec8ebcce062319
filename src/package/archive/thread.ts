/**
 * The entry of a thread that compresses or hashes for the one that packs, see `threads.ts`. It may do
 * nothing else: no network, and of files, for a pass over an archive, that archive and its copy. It
 * knows no keys and parses nothing.
 *
 * @module
 */

import { gzipMember } from "./gzip_member.ts";
import {
  type PassFailure,
  type PassPlan,
  PassState,
  PassSteps,
  PassStopped,
} from "./pass_steps.ts";

/** What a thread is asked for. Each order gets one answer, in the order of asking. */
export type Order =
  | { order: "compress"; bytes: Uint8Array }
  /** Does its part of a pass over an archive. */
  | { order: "pass"; plan: PassPlan; part: "whole" | "help" };

/** What it answers. */
export interface Answer {
  /** The bytes of the order, to be used again. */
  bytes?: Uint8Array;
  member?: Uint8Array;
  /** No answer yet: this range of the pass is done with. */
  range?: number;
  /** The pass was stopped, and why unless another thread knows. */
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
