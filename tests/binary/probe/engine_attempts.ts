/**
 * Attempts of an attacker in the engine's thread.
 *
 * @module
 */

import dgram from "node:dgram";
import { join } from "node:path";
import process from "node:process";
import { ArchiveStore } from "../../../src/engine/libraries/webtorrent/chunk_store.ts";
import { forbidden as everywhere, local as localEverywhere } from "./common_attempts.ts";
import { databases } from "./database_attempts.ts";
import { allowed, type Attempt, settled } from "./targets.ts";

/** Attempts that must fail with all settings of the program. */
const forbidden: Record<string, Attempt> = {
  ...everywhere,
  ...databases,
  "connect to the control socket": ({ home }) =>
    Deno.connect({ transport: "unix", path: join(home, "control.sock") }),
  "read the state": ({ home }) => Deno.readFile(join(home, "state.db")),
};

/**
 * Attempts that the worker's own code must refuse, because Deno's permissions do not prevent them.
 */
const link: Record<string, Attempt> = {
  "seed through a link": ({ linkToKey }) => throughStore(linkToKey, false),
  "download through a link": ({ linkToKey }) => throughStore(linkToKey, true),
};

/** Attempts that succeed only with the flag `--allow-local`. */
const local: Record<string, Attempt> = {
  ...localEverywhere,
  // The packet is sent from the worker's own port, which is free because the daemon runs without
  // the DHT.
  "send to 127.0.0.1 (Node)": ({ ownPort, localPort }) =>
    settled((done, fail) => {
      const socket = dgram.createSocket("udp4");
      socket.on("error", fail).bind(ownPort, () => {
        socket.send("hello", localPort, "127.0.0.1", (error) => {
          socket.close();
          error ? fail(error) : done();
        });
      });
    }),
};

/**
 * Attempts that always succeed, because the worker has the permission. They prove that the attempts
 * in the other groups fail only for lack of permission.
 */
const open: Record<string, Attempt> = {
  "read a file of its own": ({ ownFile }) => Deno.readTextFile(ownFile),
  "write a file of its own": ({ seedDirectory }) =>
    Deno.writeTextFile(join(seedDirectory, "written"), "mine"),
  "be allowed a public address": () => allowed("8.8.8.8:53"),
  "find the environment empty": () => {
    const names = Object.keys(process.env);
    if (names.length > 0) throw new Error(names.join());
  },
  // Deno follows symbolic links, so the worker's own code has to check for links.
  "read through a link, past the worker's own code": ({ linkToKey }) =>
    Deno.readTextFile(linkToKey),
  "read through a link to a directory, past the worker's own code": ({ linkToDirectory }) =>
    Deno.readTextFile(join(linkToDirectory, "publisher.key")),
};

/** All attempts of the hostile worker, grouped by kind, for the test to enumerate. */
export const kinds = { forbidden, link, local, open };

/** All attempts of the hostile worker, by name, for the worker to run. */
export const attempts: Record<string, Attempt> = { ...forbidden, ...link, ...local, ...open };

/** Reads a byte through the archive store as seeding does, or writes one as downloading does. */
function throughStore(filePath: string, writable: boolean): Promise<void> {
  const store = new ArchiveStore(1, { filePath, writable, length: 1 });
  return settled((done, fail) => {
    const hear = (error: Error | null) => error ? fail(error) : done();
    if (writable) store.put(0, Uint8Array.of(0), hear);
    else store.get(0, null, hear);
  });
}
