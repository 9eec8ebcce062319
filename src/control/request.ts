/**
 * Parses requests: finds the operation in the table and validates the request by the operation's
 * schema. Only the owner of the home can open the socket, but a request may come from another
 * version of libreseed or from a user of curl.
 *
 * @module
 */

import * as v from "valibot";
import { ControlError } from "./errors.ts";
import { describeInvalid } from "./invalid.ts";
import type { Operation } from "./operation.ts";
import { type OperationName, operations } from "./operations.ts";

/** Maximum length of a request, bytes, unless the operation's row sets another. */
export const MAX_REQUEST_BYTES: number = 1 << 20;

const nothing = v.strictObject({});

/** Returns the row of the table {@linkcode operations} that describes the operation `name`. */
export function rowOf(name: OperationName): Operation {
  return operations[name];
}

/** Whether `name` is the name of an operation. */
export function isOperation(name: string): name is OperationName {
  return Object.hasOwn(operations, name);
}

/**
 * Parses the JSON value of a request into the argument of the host's method.
 *
 * @throws {ControlError} `CONTROL_REQUEST` naming the invalid member
 */
export function parseRequest(name: OperationName, body: unknown): unknown {
  const schema = rowOf(name).request ?? nothing;
  // Arrays are refused here, because valibot's object schema accepts an array.
  const read = v.safeParse(schema, Array.isArray(body) ? undefined : body);
  if (read.success) return read.output;
  const message = describeInvalid(`The request "${name}"`, read.issues[0]);
  throw new ControlError("usage", "CONTROL_REQUEST", message);
}
