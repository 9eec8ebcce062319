/**
 * Errors of the `router` room. The codes are part of the API:
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `NO_ROUTER` | network | no router answered by PCP, NAT-PMP or UPnP |
 * | `ROUTER_SILENT` | network | the router did not answer a request in time |
 * | `ROUTER_REFUSED` | network | the router refused to map the port; `detail.result` has its code |
 * | `ROUTER_ANSWER` | network | an answer of the router is malformed, too long, or contradicts the request |
 * | `ROUTER_OFFLINE` | network | the router has no external address |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** Codes of {@linkcode RouterError}. */
export type RouterErrorCode =
  | "NO_ROUTER"
  | "ROUTER_SILENT"
  | "ROUTER_REFUSED"
  | "ROUTER_ANSWER"
  | "ROUTER_OFFLINE";

/** Error for a port that could not be mapped. */
export class RouterError extends LibreseedError {
  override name = "RouterError";

  constructor(code: RouterErrorCode, message: string, detail: Record<string, unknown> = {}) {
    super("network", code, message, { detail });
  }
}

/** Makes the error for an answer that breaks its protocol. */
export function badAnswer(reason: string): RouterError {
  return new RouterError("ROUTER_ANSWER", `The router's answer is not valid: ${reason}`);
}
