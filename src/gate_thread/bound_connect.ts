/**
 * TCP connections from a chosen address of this machine. `Deno.connect` cannot choose it, so these
 * connections use `node:net`, which is loaded when it is needed.
 *
 * @module
 */

import type { Socket } from "node:net";

/** A connection whose local address was chosen. It has the members of `Deno.Conn` that are used. */
export class BoundConnection {
  readonly #socket: Socket;
  #failure: Error | undefined;
  #onEvent = () => {};

  /** @param socket a connected socket that nobody has read from */
  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", (error) => {
      this.#failure ??= error;
      this.#onEvent();
    });
    for (const event of ["readable", "end", "close"]) socket.on(event, () => this.#onEvent());
  }

  /**
   * Connects from a local address.
   *
   * @param signal ends the attempt
   */
  static async open(
    host: string,
    port: number,
    localAddress: string,
    signal: AbortSignal,
  ): Promise<BoundConnection> {
    const { connect } = await import("node:net");
    const socket = connect({ host, port, localAddress, noDelay: true, allowHalfOpen: true });
    await connected(socket, "connect", signal);
    return new BoundConnection(socket);
  }

  /** Begins TLS, and checks the certificate by the name. Use the returned connection from then on. */
  async secure(name: string, caCerts: string[], signal: AbortSignal): Promise<BoundConnection> {
    const ca = caCerts.length > 0 ? caCerts : undefined;
    const { connect } = await import("node:tls");
    const secured = connect({ socket: this.#socket, servername: name, ca });
    await connected(secured, "secureConnect", signal);
    return new BoundConnection(secured);
  }

  get localAddr(): { hostname: string; port: number } {
    const { localAddress = "", localPort = 0 } = this.#socket;
    return { hostname: localAddress, port: localPort };
  }

  /** Reads into a buffer. Returns the number of bytes, or `null` at the end. */
  async read(buffer: Uint8Array): Promise<number | null> {
    const socket = this.#socket;
    for (;;) {
      if (this.#failure) throw this.#failure;
      const bytes: Uint8Array | null = socket.read(Math.min(buffer.length, socket.readableLength));
      if (bytes && bytes.length > 0) {
        buffer.set(bytes);
        return bytes.length;
      }
      if (socket.readableEnded || socket.destroyed) return null;
      await new Promise<void>((resolve) => this.#onEvent = resolve);
    }
  }

  /** Writes bytes. Resolves when the operating system has taken them. */
  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => error ? reject(error) : resolve(bytes.length));
    });
  }

  /** Ends the sending direction. */
  closeWrite(): Promise<void> {
    return new Promise((resolve) => this.#socket.end(() => resolve()));
  }

  setNoDelay(): void {}

  close(): void {
    this.#socket.destroy();
  }
}

/** Waits until a socket is connected. Destroys it if it fails, or when the signal aborts. */
async function connected(
  socket: Socket,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
): Promise<void> {
  const abort = () => socket.destroy(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    if (signal.aborted) abort();
    await new Promise<void>((resolve, reject) => {
      socket.once(event, () => resolve());
      socket.once("error", reject);
      socket.once("close", () => reject(signal.reason ?? new Error("the connection was closed")));
    });
  } catch (error) {
    socket.on("error", () => {});
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
