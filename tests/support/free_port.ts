/**
 * Finds free ports for tests.
 *
 * @module
 */

import dgram from "node:dgram";

// A range below Linux's ephemeral ports, so that no other process gets the port by chance before
// the test uses it.
const LOWEST = 20_000;
const COUNT = 12_000;

/** Finds a port that is free for TCP and UDP on all IPv4 addresses. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error("no free port in a hundred tries");
}

/**
 * Whether a port is free for TCP and UDP on all IPv4 addresses. Ask it of ports of
 * {@linkcode freePort} only: the kernel gives a port that it chose itself (0) to any other process as
 * soon as it is free, also for outgoing connections.
 */
export async function isFree(port: number): Promise<boolean> {
  try {
    using _listener = Deno.listen({ hostname: "0.0.0.0", port });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
  const socket = dgram.createSocket("udp4");
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(port, "0.0.0.0", resolve);
    });
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "EADDRINUSE") return false;
    throw error;
  } finally {
    await new Promise<void>((resolve) => socket.close(resolve));
  }
}
