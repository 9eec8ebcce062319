/**
 * The error class of the gate. Errors cross the port as data with code and message.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `BAD_URL` | network | a web seed's URL, or a redirect's, is neither http nor https, or has credentials |
 * | `BAD_RESPONSE` | network | a web server's answer breaks HTTP/1.1, or contradicts the request |
 * | `HTTP_STATUS` | network | a web server refused the request |
 * | `RANGES_UNSUPPORTED` | network | a web server sends only whole files |
 * | `ECANCELED` | network | the asking thread or the gate closed the channel |
 * | `EMSGSIZE`, `ENOBUFS` | network | a datagram is too long, or too many are under way |
 * | `GATE_DIED` | failed | the gate's thread ended |
 *
 * The gate's thread adds its own codes (`src/gate_thread/errors.ts`). Errors of the operating system
 * keep their code, such as that of a refused connection.
 *
 * @module
 */

import { type ErrorKind, LibreseedError } from "../base/mod.ts";

const OWN_FAULTS = ["TOO_MANY_CHANNELS", "OVER_CREDIT", "BAD_REQUEST", "GATE_DIED"];

/** An error of the gate or of a connection that the gate holds. */
export class GateError extends LibreseedError {
  override name = "GateError";

  constructor(code: string, message: string) {
    const kind: ErrorKind = OWN_FAULTS.includes(code) ? "failed" : "network";
    super(kind, code, message);
  }
}
