/**
 * The error class of the gate. Errors cross the port as data with code and message.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `ADDRESS_REFUSED` | network | the address is not public and was not heard in the own network, or the port is for system services |
 * | `NAME_NOT_FOUND` | network | the name service knows no address of the host of a web seed or peer |
 * | `BAD_URL` | network | a web seed's URL, or a redirect's, is neither http nor https, or has credentials |
 * | `BAD_RESPONSE` | network | a web server's answer breaks HTTP/1.1, or contradicts the request |
 * | `HTTP_STATUS` | network | a web server refused the request |
 * | `RANGES_UNSUPPORTED` | network | a web server sends only whole files |
 * | `TLS_FAILED` | network | the TLS handshake failed, or the certificate is not of this name |
 * | `TOO_MANY_CHANNELS` | failed | the asking thread has as many channels open as it may |
 * | `OVER_CREDIT` | failed | the asking thread sent more bytes than its credit |
 * | `BAD_REQUEST` | failed | a message of the asking thread does not fit the protocol |
 * | `ETIMEDOUT` | network | an address did not accept a connection, or TLS did not end, in time |
 * | `ECANCELED` | network | the asking thread or the gate closed the channel |
 * | `EADDRNOTAVAIL` | network | the program is bound to addresses, and none has this family |
 * | `ENETDOWN` | network | the addresses to which the program is bound cannot be used now |
 * | `EMSGSIZE`, `ENOBUFS` | network | a datagram is too long, or too many are under way |
 * | `GATE_DIED` | failed | the gate's thread ended |
 *
 * Errors of the operating system keep its code, such as that of a refused connection.
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

/** Converts any error to code and message, which can cross the port. */
export function failureOf(error: unknown): { code: string; message: string } {
  const { code, name, message } = error as { code?: unknown; name?: string; message?: string };
  return {
    code: typeof code === "string" ? code : name === "AbortError" ? "ECANCELED" : "EIO",
    message: String(message ?? error),
  };
}
