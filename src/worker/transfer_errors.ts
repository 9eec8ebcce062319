/**
 * Preserves kind and code of libreseed's errors when they cross between threads; comlink by itself keeps
 * only the message.
 *
 * @module
 */

import { transferHandlers } from "comlink";
import { type ErrorData, errorFromData, errorToData } from "../base/mod.ts";

/** Comlink's wrapper around a thrown value, as the handler named `throw` receives it. */
interface Thrown {
  value: unknown;
}

/** Installs the transfer of errors; to be called once in each thread. */
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
