/**
 * Says in words which part of a request a schema refuses, and why.
 *
 * @module
 */

import * as v from "valibot";
import { issueMessage } from "../base/mod.ts";

/**
 * Describes an invalid request by the first issue that valibot reports.
 *
 * @param subject the validated value, such as `The query of the request`
 */
export function describeInvalid(subject: string, issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  return `${subject} is not valid${path ? ` at "${path}"` : ""}: ${issueMessage(issue)}`;
}
