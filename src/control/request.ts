/**
 * Reads requests: looks the operation up and validates the request by the schema in its row. Only the
 * home's owner can open the socket, but a request may come from another version of the program or from
 * a person with curl.
 *
 * @module
 */

import * as v from "valibot";
import { ControlError } from "./errors.ts";
import { type Operation, type OperationName, operations } from "./operations.ts";

/** Longest request of an operation that names no other length, bytes. */
export const MAX_REQUEST_BYTES: number = 1 << 20;

const nothing = v.strictObject({});

/** Row of an operation. */
export function rowOf(name: OperationName): Operation {
  return operations[name];
}

/** Whether `name` is an operation. */
export function isOperation(name: string): name is OperationName {
  return Object.hasOwn(operations, name);
}

/**
 * Reads the JSON value of a request into the argument of the host's method.
 *
 * @throws {ControlError} `CONTROL_REQUEST` naming the member that is wrong
 */
export function parseRequest(name: OperationName, body: unknown): unknown {
  const schema = rowOf(name).request ?? nothing;
  // Valibot accepts an array as an object.
  const read = v.safeParse(schema, Array.isArray(body) ? undefined : body);
  if (read.success) return read.output;
  const [issue] = read.issues;
  const path = v.getDotPath(issue);
  throw new ControlError(
    "usage",
    "CONTROL_REQUEST",
    `The request "${name}" is not valid${path ? ` at "${path}"` : ""}: ${issue.message}`,
  );
}
