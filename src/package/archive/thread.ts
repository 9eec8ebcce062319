/**
 * The entry point of a thread that compresses, hashes or writes small files; the launcher starts it.
 * The thread has no network access, and may open only the archive of its pass and the copy, or write
 * in the directory of its files. It has no keys and parses nothing. Its first and only message is the port by which it gets its orders.
 *
 * @module
 */

// This import comes first, to confine the thread before any other module runs.
import "./confined.ts";
import { type FileBatch, type FileFailure, writeBatch } from "./file_batch.ts";
import { type CompressedMembers, compressMembers } from "./gzip_member.ts";
import { type PassFailure, type PassPlan, PassState, PassStopped } from "./pass_state.ts";
import { PassSteps } from "./pass_steps.ts";

/**
 * A message that orders a thread to compress, to hash or to write files. The thread answers orders in sequence,
 * each once.
 */
export type Order =
  /** Compresses the beginning of the input to members, whose bytes end at the given offsets. */
  | { order: "compress"; input: Uint8Array; ends: readonly number[]; output: Uint8Array }
  /** Small files to write, whose contents are in `bytes` one after the other. */
  | { order: "write"; bytes: Uint8Array; files: FileBatch }
  /** One thread's part of a pass over an archive, see {@linkcode PassSteps}. */
  | { order: "pass"; plan: PassPlan; part: "whole" | "help" };

/** The answer to an order, or a progress report. */
export interface Answer {
  /** The members in the output buffer of the order, and the input buffer, returned for reuse. */
  members?: CompressedMembers & { input: Uint8Array };
  /** The buffer of an order to write, returned for reuse. */
  bytes?: Uint8Array;
  /** Set in a progress report: the range of the pass that the thread has finished. */
  range?: number;
  /** Set if a file could not be written. */
  failed?: FileFailure;
  /** Set if the pass was stopped. `failure` is missing if another thread reports it. */
  stopped?: { failure?: PassFailure };
}

declare const self: {
  addEventListener(
    type: "message",
    listener: (event: MessageEvent<MessagePort>) => void,
    options: { once: true },
  ): void;
};

function pass(plan: PassPlan, part: "whole" | "help", report: (range: number) => void): Answer {
  try {
    using steps = new PassSteps(plan);
    for (const range of part === "whole" ? steps.whole() : steps.help()) {
      if (range !== undefined) report(range);
    }
    return {};
  } catch (error) {
    if (!(error instanceof PassStopped)) throw error;
    new PassState(plan.shared).stop();
    return { stopped: { failure: error.failure } };
  }
}

function carryOut(order: Order, port: MessagePort): void {
  const answer = (message: Answer, transfer: Transferable[] = []) =>
    port.postMessage(message, transfer);
  if (order.order === "pass") {
    return answer(pass(order.plan, order.part, (range) => answer({ range })));
  }
  if (order.order === "write") {
    const { bytes, files } = order;
    return answer({ bytes, failed: writeBatch(files, bytes) }, [bytes.buffer as ArrayBuffer]);
  }
  const { input, ends, output } = order;
  const members = { ...compressMembers(input, ends, output), input };
  answer({ members }, [input.buffer as ArrayBuffer, output.buffer as ArrayBuffer]);
}

self.addEventListener("message", ({ data: port }) => {
  port.onmessage = ({ data }: MessageEvent<Order>) => carryOut(data, port);
}, { once: true });
