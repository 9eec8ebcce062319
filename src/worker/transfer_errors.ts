/**
 * Lets libreseed's errors cross between the threads with their kind and code; comlink by itself
 * keeps the message only.
 *
 * @module
 */

import { transferHandlers } from "comlink";
import { type ErrorData, errorFromData, errorToData } from "../base/mod.ts";

/** What comlink wraps around a thrown value before it asks the handler named `throw`. */
interface Thrown {
  value: unknown;
}

/** To be called once in each thread. */
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
