/** Runs libtorrent in a child process, through the script `libtorrent_peer.py`. */

import { fileURLToPath } from "node:url";
import { type CliProcess, freePort, spawnCli } from "../support/mod.ts";
import { debianPython } from "../support/interop_test_case.ts";

const script = fileURLToPath(new URL("./libtorrent_peer.py", import.meta.url));

/** A command to the script `libtorrent_peer.py`, which documents the fields of each command. */
export type LibtorrentOrder =
  & {
    bootstrap?: string;
    /** TCP and UDP port; a free one by default. */
    port?: number;
    /** Settings of libtorrent, by name, which override those of the script. */
    settings?: Record<string, number | boolean>;
  }
  & (
    | {
      do: "download" | "seed";
      torrent?: string;
      magnet?: string;
      dir: string;
      peers?: [host: string, port: number][];
    }
    | { do: "get"; keys: [publicKeyHex: string, saltHex: string][] }
    | { do: "put"; seed: string; publicKey: string; salt: string; value: string }
  );

/** Starts libtorrent on a free port of 127.0.0.1. Disposing of the result ends the process. */
export async function startLibtorrent(
  order: LibtorrentOrder,
  timeoutMs = 240_000,
): Promise<CliProcess> {
  const request = JSON.stringify({ port: await freePort(), ...order });
  return spawnCli([request], { program: [debianPython, script], timeoutMs });
}

/** Maximum number of starts of a seeder. libtorrent 2.0.8 has once died at its start, without a word. */
const MAX_STARTS = 3;

/**
 * Starts libtorrent as a seeder, and waits until it seeds. A libtorrent that a signal such as SIGSEGV
 * ends before is started again. Disposing of the result ends the process.
 */
export async function startSeeder(
  order: Omit<LibtorrentOrder & { do: "seed" }, "do">,
): Promise<CliProcess> {
  for (let starts = 1;; starts++) {
    const process = await startLibtorrent({ ...order, do: "seed" });
    try {
      await process.waitForLine(/seeding/, "stdout");
      return process;
    } catch (error) {
      await process[Symbol.asyncDispose]();
      const { signal } = await process.status;
      if (!signal || starts === MAX_STARTS) throw error;
      console.log(`libtorrent was ended by ${signal}, and is started again`);
    }
  }
}

/** Runs libtorrent until it ends, and returns the JSON objects that it printed, one per line. */
export async function runLibtorrent(order: LibtorrentOrder): Promise<Record<string, unknown>[]> {
  await using process = await startLibtorrent(order);
  const { code, stdout, stderr } = await process.result;
  if (code !== 0) throw new Error(`libtorrent ended with ${code}\n${stdout}${stderr}`);
  return stdout.trim().split("\n").map((line) => JSON.parse(line));
}
