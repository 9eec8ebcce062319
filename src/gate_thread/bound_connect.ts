/**
 * TCP connections from a chosen address of this machine. `Deno.connect` cannot choose it, so these
 * connections use `node:net`, which is loaded when it is needed.
 *
 * @module
 */

import type { Socket } from "node:net";
import { allowSockets } from "./node_access.ts";

/** A connection whose local address was chosen. It has the members of `Deno.Conn` that are used. */
export interface BoundConnection {
  readonly localAddr: { hostname: string; port: number };
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  /**
   * Begins TLS before anything was read, and checks the certificate by the name. Use the returned
   * connection from then on.
   */
  secure(name: string, caCerts: string[], signal: AbortSignal): Promise<BoundConnection>;
}

/**
 * Connects from a local address.
 *
 * @param signal ends the attempt
 */
export async function connectFrom(
  localAddress: string,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<BoundConnection> {
  allowSockets();
  const { connect } = await import("node:net");
  const socket = connect({ host, port, localAddress, noDelay: true, allowHalfOpen: true });
  return connectionOf(await connected(socket, "connect", signal));
}

/** Wraps a connected socket that nobody has read from. */
function connectionOf(socket: Socket): BoundConnection {
  let chunks: AsyncIterator<Uint8Array> | undefined;
  let rest: Uint8Array = new Uint8Array();
  return {
    localAddr: { hostname: socket.localAddress ?? "", port: socket.localPort ?? 0 },
    async read(buffer) {
      // The first read begins to take bytes from the socket, because TLS may take them instead.
      chunks ??= socket.iterator({ destroyOnReturn: false });
      while (rest.length === 0) {
        const { done, value } = await chunks.next();
        if (done) return null;
        rest = value;
      }
      const part = rest.subarray(0, buffer.length);
      rest = rest.subarray(part.length);
      buffer.set(part);
      return part.length;
    },
    write: (bytes) =>
      new Promise((resolve, reject) => {
        socket.write(bytes, (error) => error ? reject(error) : resolve(bytes.length));
      }),
    closeWrite: () => new Promise((resolve) => socket.end(() => resolve())),
    close: () => void socket.destroy(),
    async secure(servername, caCerts, signal) {
      const { connect } = await import("node:tls");
      const ca = caCerts.length > 0 ? caCerts : undefined;
      return connectionOf(
        await connected(connect({ socket, servername, ca }), "secureConnect", signal),
      );
    },
  };
}

/** Waits until a socket is connected. Destroys it if it fails, or when the signal aborts. */
async function connected(
  socket: Socket,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
): Promise<Socket> {
  const abort = () => socket.destroy(signal.reason);
  signal.addEventListener("abort", abort);
  // Reads and writes throw later errors. Without a listener, an error would end the thread.
  socket.on("error", () => {});
  try {
    if (signal.aborted) abort();
    await new Promise<void>((resolve, reject) => {
      socket.once(event, () => resolve());
      socket.once("error", reject);
      socket.once("close", () => reject(signal.reason ?? new Error("the connection was closed")));
    });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
