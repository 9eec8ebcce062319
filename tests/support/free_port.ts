/**
 * Ports that nobody has.
 *
 * @module
 */

import dgram from "node:dgram";

// Below the range that Linux hands out for port 0 and for connections, so that nobody gets a port by
// chance between its being found and its being used.
const LOWEST = 20_000;
const COUNT = 12_000;

/** A port that is free for TCP and for UDP, on all IPv4 addresses. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error("no free port in a hundred tries");
}

/** Whether the port is free for TCP and for UDP, on all IPv4 addresses. */
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
