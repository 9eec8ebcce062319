/**
 * Carries out the requests of the command thread. `granted_requests.ts` checks them first. Tests
 * that run a command in their own thread use this file without the check.
 *
 * @module
 */

import { describePath } from "../base/mod.ts";
import { startEngine } from "./engine_thread.ts";
import { maxHelpers, startHelper } from "./helper_threads.ts";
import { findPortOwner } from "./port_owner.ts";
import type { Keys } from "./keys.ts";
import type { LauncherRequests } from "./requests.ts";

/**
 * Returns the requests, carried out with the permissions of the calling thread.
 *
 * @param own user id of this process, if it is known: a launcher that has given up the permission to
 * ask for it hands it in
 */
export function localRequests(own?: number | null): LauncherRequests {
  let helpers = 0;
  // Most commands need no key, so its code is loaded at the first use.
  let keys: Promise<Keys> | undefined;
  const ofKeys = () => keys ??= import("./keys.ts").then(({ Keys }) => new Keys(own));
  return {
    signingKey: async (keyPath) => await (await ofKeys()).signingKey(keyPath),
    sign: async (keyPath, statement) => await (await ofKeys()).sign(keyPath, statement),
    createKey: async (keyPath) => await (await ofKeys()).create(keyPath),
    examineHome: async (home, seedDirectory) => {
      const { examineHome } = await import("./home_examination.ts");
      return await examineHome(home, seedDirectory);
    },
    examineKey: async (keyPath) => await (await ofKeys()).examine(keyPath),
    async makeLink(target, path) {
      const { makeLink } = await import("./links.ts");
      await makeLink(target, path);
    },
    async placeFile(staged, path, replace) {
      const { placeFile } = await import("./placing.ts");
      await placeFile(staged, path, replace);
    },
    describe: describePath,
    findPortOwner,
    async findBinding(bind) {
      const { examineBinding } = await import("./binding_watch.ts");
      return await examineBinding(bind);
    },
    networkAddresses: () => Promise.resolve(Deno.networkInterfaces()),
    settle: () => Promise.resolve(),
    startEngine,
    startHelper(files) {
      if (helpers >= maxHelpers()) return undefined;
      helpers++;
      const { port1: port, port2 } = new MessageChannel();
      const { died, terminate } = startHelper(files, port2);
      let isEnded = false;
      const end = () => {
        if (!isEnded) helpers--;
        isEnded = true;
        port.close();
        terminate();
      };
      return { port, died: died.finally(end), terminate: end };
    },
  };
}
