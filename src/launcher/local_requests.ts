/**
 * Carries out the requests of the command thread. `granted_requests.ts` checks them first. Tests
 * that run a command in their own thread use this file without the check.
 *
 * @module
 */

import { describePath, systemClock } from "../base/mod.ts";
import type { Terminal } from "../keys/mod.ts";
import { startEngine } from "./engine_thread.ts";
import { maxHelpers, startHelper } from "./helper_threads.ts";
import { findPortOwner } from "./port_owner.ts";
import type { Keys } from "./keys.ts";
import type { LauncherRequests } from "./requests.ts";

/** Facts about the process that the keys' code needs. */
export interface KeyOptions {
  /**
   * User id of this process, if it is known: a launcher that has given up the permission to ask for it
   * hands it in.
   */
  own?: number | null;
  /** Path of the SSH agent's socket (SSH_AUTH_SOCK). */
  agentSocket?: string | undefined;
  /** Path of the file with the passphrase of encrypted keys (LIBRESEED_PASSPHRASE_FILE). */
  passphraseFile?: string | undefined;
  /** The key in the SSH agent that signs in place of the home's key file. */
  agentKey?: string | undefined;
  /** Asks the user; the terminal of this process by default. */
  terminal?: Terminal;
}

/** Returns the requests, carried out with the permissions of the calling thread. */
export function localRequests(options: KeyOptions = {}): LauncherRequests {
  let helpers = 0;
  // Most commands need no key, so its code is loaded at the first use.
  let keys: Promise<Keys> | undefined;
  const ofKeys = () => keys ??= openKeys(options);
  return {
    signingKey: async (keyPath, opens) => await (await ofKeys()).signingKey(keyPath, opens),
    sign: async (keyPath, statement) => await (await ofKeys()).sign(keyPath, statement),
    createKey: async (keyPath) => await (await ofKeys()).create(keyPath),
    createIdentity: async (keyPath, order) => await (await ofKeys()).createIdentity(keyPath, order),
    rootKey: async (keyPath, order) => await (await ofKeys()).rootKey(keyPath, order),
    changeKeys: async (keyPath, order, known) =>
      await (await ofKeys()).change(keyPath, order, known),
    changeKeyFiles: async (...args) => await (await ofKeys()).changeFiles(...args),
    openBackup: async (...args) => await (await ofKeys()).openBackup(...args),
    restoreKeys: async (keyPath) => await (await ofKeys()).restore(keyPath),
    keyFacts: async (keyPath) => await (await ofKeys()).facts(keyPath),
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
    // Without the launcher there is no gate of another thread.
    openWebhook: (port) => port.close(),
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

async function openKeys(
  { own = Deno.uid(), agentSocket, passphraseFile, agentKey, terminal }: KeyOptions,
): Promise<Keys> {
  const [{ Keys }, { ProcessTerminal }] = await Promise.all([
    import("./keys.ts"),
    import("../keys/mod.ts"),
  ]);
  return new Keys({
    own,
    agentSocket,
    file: passphraseFile,
    terminal: terminal ?? new ProcessTerminal(),
    stdin: () => Deno.stdin.readable,
    now: () => systemClock.now(),
  }, agentKey);
}
