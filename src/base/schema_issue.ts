/**
 * The words for a value that a schema of valibot refuses.
 *
 * @module
 */

/** The members that are used here of an issue that valibot reports. */
export interface SchemaIssue {
  type: string;
  expected: string | null;
  received: string;
  message: string;
}

/** Returns the message of an issue. Two of valibot's messages speak of its types; these are replaced. */
export function issueMessage({ type, expected, received, message }: SchemaIssue): string {
  if (type !== "strict_object") return message;
  // An unknown member is an issue of a key for which the schema "never" has a value.
  if (expected === "never") return "there is no such member";
  return received === "undefined" ? "it is missing" : message;
}
