/**
 * Preserves the kind and code of libreseed's errors when they are passed between threads. By
 * default, npm:comlink passes only the message.
 *
 * @module
 */

import { transferHandlers } from "comlink";
import { type ErrorData, errorFromData, errorToData } from "../base/mod.ts";

/** Wrapper of npm:comlink around a thrown value; the input of the transfer handler named `throw`. */
interface Thrown {
  value: unknown;
}

/** Installs the transfer handler for errors in this thread. Each thread calls this function once. */
export function transferErrors(): void {
  const plain = transferHandlers.get("throw")!;
  transferHandlers.set("throw", {
    canHandle: plain.canHandle,
    serialize: (thrown: unknown) => [errorToData((thrown as Thrown).value), []],
    deserialize: (data: unknown) => {
      throw errorFromData(data as ErrorData);
    },
  });
}
