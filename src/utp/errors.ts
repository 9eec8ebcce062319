/**
 * Errors of connections, with the codes that the system's own sockets have.
 *
 * @module
 */

/** Reason why a connection ended. */
export type UtpErrorCode = "ECONNREFUSED" | "ECONNRESET" | "ETIMEDOUT" | "EMFILE" | "ENETDOWN";

const reasons: Record<UtpErrorCode, string> = {
  ECONNREFUSED: "the peer refused the uTP connection",
  ECONNRESET: "the peer reset the uTP connection",
  ETIMEDOUT: "the peer does not answer over uTP",
  EMFILE: "there are too many uTP connections",
  ENETDOWN: "uTP has been switched off",
};

/** Makes the error of a connection to a peer, with `code`. */
export function closedError(
  code: UtpErrorCode,
  { host, port }: { host: string; port: number },
): Error & { code: UtpErrorCode } {
  return Object.assign(new Error(`${host} port ${port}: ${reasons[code]}`), { code });
}
