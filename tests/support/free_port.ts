/**
 * Finds free ports for tests.
 *
 * @module
 */

import dgram from "node:dgram";
import { dirname, join } from "node:path";

// A range below Linux's ephemeral ports, so that no other process gets the port by chance before
// the test uses it.
const LOWEST = 20_000;
const COUNT = 12_000;

/** File with the number of the port that was given last, below `LOWEST + COUNT`. */
const lastPort = join(import.meta.dirname!, "..", "..", "dist", "last-port");

/**
 * Finds a port that is free for TCP and UDP on all IPv4 addresses, and that no other test of this checkout
 * gets before all others have had their turn: a program takes a moment until it listens.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = nextPort();
    if (await isFree(port)) return port;
  }
  throw new Error("no free port in a hundred tries");
}

/** Returns the port after the last one; a random one at the first call in a checkout. */
function nextPort(): number {
  Deno.mkdirSync(dirname(lastPort), { recursive: true });
  using file = Deno.openSync(lastPort, { read: true, write: true, create: true });
  // The lock is taken synchronously. Asynchronous calls that wait for it would take all of Deno's
  // threads, one of which its holder needs to read the file.
  file.lockSync(true);
  const bytes = new Uint8Array(8);
  const length = file.readSync(bytes) ?? 0;
  const last = Number(new TextDecoder().decode(bytes.subarray(0, length)) || NaN);
  const isKnown = last >= LOWEST && last < LOWEST + COUNT;
  const offset = isKnown ? (last + 1 - LOWEST) % COUNT : Math.floor(Math.random() * COUNT);
  const port = LOWEST + offset;
  file.seekSync(0, Deno.SeekMode.Start);
  file.writeSync(new TextEncoder().encode(`${port}`));
  return port;
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
