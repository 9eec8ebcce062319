/**
 * Carries out the requests of the command thread, without a check of what the command may touch:
 * the launcher makes that check, and tests that run a command in their own thread need none.
 *
 * @module
 */

import { startEngine } from "./engine_thread.ts";
import { makeLink } from "./links.ts";
import { findPortOwner } from "./port_owner.ts";
import type { Keys } from "./keys.ts";
import type { LauncherRequests } from "./requests.ts";

/** Returns the requests, carried out with the permissions of the calling thread. */
export function localRequests(): LauncherRequests {
  // Most commands need no key, so its code is loaded at the first use.
  let keys: Promise<Keys> | undefined;
  const ofKeys = () => keys ??= import("./keys.ts").then(({ Keys }) => new Keys());
  return {
    publicKey: async (keyPath) => await (await ofKeys()).publicKey(keyPath),
    sign: async (keyPath, statement) => await (await ofKeys()).sign(keyPath, statement),
    createKey: async (keyPath) => await (await ofKeys()).create(keyPath),
    examineKey: async (keyPath) => await (await ofKeys()).examine(keyPath),
    makeLink,
    async placeFile(staged, path, replace) {
      const { placeFile } = await import("./placing.ts");
      await placeFile(staged, path, replace);
    },
    findPortOwner,
    networkAddresses: () => Promise.resolve(Deno.networkInterfaces()),
    startEngine,
  };
}
