/**
 * Says in words which part of a request a schema refuses, and why.
 *
 * @module
 */

import * as v from "valibot";

/**
 * Describes an invalid request by the first issue that valibot reports.
 *
 * @param subject the validated value, such as `The query of the request`
 */
export function describeInvalid(subject: string, issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  return `${subject} is not valid${path ? ` at "${path}"` : ""}: ${reasonOf(issue)}`;
}

/** Returns valibot's message, except for the two that speak of valibot's types. */
function reasonOf({ type, expected, received, message }: v.BaseIssue<unknown>): string {
  if (type !== "strict_object") return message;
  // An unknown member is an issue of a key for which the schema "never" has a value.
  if (expected === "never") return "there is no such member";
  return received === "undefined" ? "it is missing" : message;
}
