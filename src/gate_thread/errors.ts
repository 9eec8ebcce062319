/**
 * Errors of the gate's thread. They cross the port as data; in the asking thread they become errors
 * of `src/gate`.
 *
 * | code | when |
 * | --- | --- |
 * | `ADDRESS_REFUSED` | the address is not public and was not heard in the own network, or the port is for system services |
 * | `NAME_NOT_FOUND` | the name service knows no address of the host of a web seed or peer |
 * | `TLS_FAILED` | the TLS handshake failed, or the certificate is not of this name |
 * | `ETIMEDOUT` | an address did not accept a connection, or TLS did not end, in time |
 * | `EADDRNOTAVAIL` | the program is bound to addresses, and none has this family |
 * | `ENETDOWN` | the addresses to which the program is bound cannot be used now |
 * | `TOO_MANY_CHANNELS` | the asking thread has as many channels open as it may |
 * | `OVER_CREDIT` | the asking thread sent more than its credit |
 * | `BAD_REQUEST` | a message of the asking thread does not fit the protocol |
 *
 * @module
 */

/** An error with one of the gate's codes. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Converts any error to code and message. An error of the operating system keeps its code. */
export function failureOf(error: unknown): { code: string; message: string } {
  const { code, name, message } = error as { code?: unknown; name?: string; message?: string };
  return {
    code: typeof code === "string" ? code : name === "AbortError" ? "ECANCELED" : "EIO",
    message: String(message ?? error),
  };
}
