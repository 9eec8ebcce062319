/**
 * Opens a publisher's root key, wherever it is: in the home, in a file, in an SSH agent, or as a
 * recovery code on standard input.
 *
 * @module
 */

import { concatBytes, isThere } from "../base/mod.ts";
import {
  IdentityError,
  keyPairFromSeed,
  readKeyFile,
  RECOVERY_GROUPS,
  seedOfRecoveryCode,
  type Signer,
} from "../identity/mod.ts";
import { KeysError } from "./errors.ts";
import type { RootSource } from "./key_order.ts";
import { passphrasesFor, type PassphraseSource } from "./passphrases.ts";
import { agentKey } from "./ssh_agent.ts";
import type { Terminal } from "./terminal.ts";

/** Maximum size of a recovery code on standard input, bytes. */
const MAX_CODE_BYTES = 4096;
/** Number of recovery codes that the user may try at a terminal. */
const TRIES = 3;

/** The parts of the process that the keys' code needs. */
export interface KeySurroundings extends PassphraseSource {
  /** User id of this process; `null` on systems without user ids (Windows). */
  own: number | null;
  /** Path of the SSH agent's socket (SSH_AUTH_SOCK), if one is known. */
  agentSocket: string | undefined;
  /** Standard input, for a recovery code that no terminal types. */
  stdin: () => ReadableStream<Uint8Array>;
  /** Unix milliseconds. */
  now: () => number;
}

/**
 * Opens a root key.
 *
 * @param homeRoot path of the root key in the home, which need not be there
 * @throws {KeysError} `NO_ROOT`, and those of `ssh_agent.ts`; the {@linkcode IdentityError}s of key
 * files, passphrases and recovery codes
 */
export async function openRoot(
  source: RootSource,
  homeRoot: string,
  at: KeySurroundings,
): Promise<Signer> {
  switch (source.from) {
    case "agent":
      return await agentKey(at.agentSocket, source.key);
    case "stdin":
      return at.terminal.isThere
        ? await askForCode(at.terminal)
        : keyPairFromSeed(seedOfRecoveryCode(await readCode(at.stdin())));
    case "file":
      return await readRootFile(source.path, at);
    case "home":
      if (await isThere(homeRoot)) {
        return await readKeyFile(homeRoot, at.own, (path) => passphrasesFor(at, path));
      }
      throw new KeysError(
        "not-found",
        "NO_ROOT",
        "This home has no root key, and none was named. Name it with --root FILE, give its recovery " +
          "code with --root -, or use the one in your SSH agent with --root ssh-agent:FINGERPRINT",
        { detail: { path: homeRoot } },
      );
  }
}

async function readRootFile(path: string, at: KeySurroundings): Promise<Signer> {
  try {
    return await readKeyFile(path, at.own, (file) => passphrasesFor(at, file));
  } catch (cause) {
    if (!(cause instanceof IdentityError && cause.code === "KEY_NOT_FOUND")) throw cause;
    throw new KeysError(
      "not-found",
      "NO_ROOT",
      `There is no root key at ${path}. Name the file that \`keygen --root-out\` or \`key root move\` ` +
        "has written",
      { cause, detail: { path } },
    );
  }
}

/** Asks for the recovery code; after a wrong one again, because the message names the wrong group. */
async function askForCode(terminal: Terminal): Promise<Signer> {
  for (let left = TRIES;; left--) {
    let text = await terminal.ask("Recovery code of the root key: ");
    // The code is shown in several lines, so it may be pasted as several lines.
    const length = RECOVERY_GROUPS * 5;
    for (let typed = charactersIn(text); typed < length; typed = charactersIn(text)) {
      const more = await terminal.ask(`The rest of it (${typed} of ${length} characters so far): `);
      if (more.trim() === "") break;
      text += ` ${more}`;
    }
    try {
      return keyPairFromSeed(seedOfRecoveryCode(text));
    } catch (error) {
      if (left === 1) throw error;
      terminal.show(`${error instanceof Error ? error.message : error}.\n`);
    }
  }
}

function charactersIn(text: string): number {
  return text.replace(/[\s-]+/g, "").length;
}

async function readCode(stream: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let lengthBytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    lengthBytes += chunk.length;
    if (lengthBytes > MAX_CODE_BYTES) break;
  }
  return new TextDecoder().decode(concatBytes(...chunks).subarray(0, MAX_CODE_BYTES));
}
