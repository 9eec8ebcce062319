/**
 * Errors of the HTTP API that are not errors of an operation, and the HTTP status of each error.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `API_ROUTE` | not-found | there is no such route |
 * | `API_METHOD` | usage | the route does not take the method |
 * | `API_REQUEST` | usage | a part of the request is not valid |
 * | `API_HOST` | usage | the request names another host, or none |
 * | `API_CROSS_SITE` | usage | another web site has made the request |
 * | `API_TOKEN` | usage | the request has no token, or a wrong one |
 * | `API_TOKEN_LIMIT` | usage | too many requests of one address had a wrong token |
 * | `API_TOKEN_UNUSABLE` | failed | the token's file cannot be used |
 * | `API_LENGTH` | usage | the body is too long |
 * | `API_MEDIA_TYPE` | usage | the body is of another kind |
 * | `API_LATE` | usage | the body did not arrive in time |
 * | `API_BUSY` | in-use | as many event streams or uploads as are allowed are under way |
 *
 * @module
 */

import { type ErrorData, type ErrorKind, LibreseedError } from "../base/mod.ts";

/** Codes of {@linkcode HttpApiError}, with the HTTP status of each. */
const statuses = [
  ["API_ROUTE", 404],
  ["API_METHOD", 405],
  ["API_REQUEST", 400],
  ["API_HOST", 421],
  ["API_CROSS_SITE", 403],
  ["API_TOKEN", 401],
  ["API_TOKEN_LIMIT", 429],
  ["API_TOKEN_UNUSABLE", 500],
  ["API_LENGTH", 413],
  ["API_MEDIA_TYPE", 415],
  ["API_LATE", 408],
  ["API_BUSY", 503],
] as const;

/** Code of a {@linkcode HttpApiError}. */
export type HttpApiCode = (typeof statuses)[number][0];

/** Codes of operations whose status differs from that of their kind. */
const statusesOfOperations: Readonly<Record<string, number>> = {
  VERSION_EXISTS: 409,
  HOST_STOPPING: 503,
  DISK_FULL: 507,
};

const statusesOfKinds: Record<ErrorKind, number> = {
  failed: 500,
  usage: 400,
  "not-found": 404,
  verification: 422,
  network: 502,
  "in-use": 409,
};

const kinds: Partial<Record<HttpApiCode, ErrorKind>> = {
  API_ROUTE: "not-found",
  API_TOKEN_UNUSABLE: "failed",
  API_BUSY: "in-use",
};

/** A request that the HTTP API refuses before any operation. */
export class HttpApiError extends LibreseedError {
  override name = "HttpApiError";

  /**
   * @param headers fields of the answer that the status demands, such as `allow`
   */
  constructor(
    code: HttpApiCode,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(kinds[code] ?? "usage", code, message);
  }
}

/** Returns the HTTP status for an error. */
export function statusOf({ code, kind }: Pick<ErrorData, "code" | "kind">): number {
  return statuses.find(([one]) => one === code)?.[1] ?? statusesOfOperations[code] ??
    statusesOfKinds[kind];
}
