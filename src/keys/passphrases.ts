/**
 * Passphrases of encrypted keys: from the file that LIBRESEED_PASSPHRASE_FILE names, or from the
 * terminal.
 *
 * @module
 */

import { messageOf } from "../base/mod.ts";
import { IdentityError, passphraseNeeded } from "../identity/mod.ts";
import { KeysError } from "./errors.ts";
import type { Terminal } from "./terminal.ts";

/** Number of passphrases that the user may try. */
const TRIES = 3;
/** Maximum size of a passphrase file, bytes. */
const MAX_FILE_BYTES = 4096;

/** The source of passphrases: a terminal or a file. */
export interface PassphraseSource {
  terminal: Terminal;
  /** Value of LIBRESEED_PASSPHRASE_FILE, if it is set. */
  file: string | undefined;
}

/** Returns the passphrases to try for the encrypted key at a path. */
export async function* passphrasesFor(
  { terminal, file }: PassphraseSource,
  path: string,
): AsyncIterable<string> {
  if (file !== undefined) return yield await readPassphrase(file);
  if (!terminal.isThere) throw passphraseNeeded(path);
  for (let left = TRIES; left > 0; left--) {
    yield await terminal.ask(`Passphrase of ${path}: `, { hidden: true });
    if (left > 1) terminal.show("This passphrase does not decrypt it. Try again.\n");
  }
}

/**
 * Returns a new passphrase, which is asked for twice at a terminal.
 *
 * @param what the thing to encrypt, for the prompt and for errors
 * @throws {IdentityError} `PASSPHRASE_NEEDED`; {@linkcode KeysError} `UNCONFIRMED`
 */
export async function newPassphrase(
  { terminal, file }: PassphraseSource,
  what: string,
): Promise<string> {
  if (file !== undefined) return await readPassphrase(file);
  if (!terminal.isThere) {
    throw new IdentityError(
      "usage",
      "PASSPHRASE_NEEDED",
      `There is no passphrase for ${what}. Run the command in a terminal, or name a file with the ` +
        "passphrase by LIBRESEED_PASSPHRASE_FILE",
    );
  }
  for (let left = TRIES; left > 0; left--) {
    const first = await terminal.ask(`New passphrase for ${what}: `, { hidden: true });
    if (first === "") {
      terminal.show("An empty passphrase protects nothing.\n");
      continue;
    }
    if (await terminal.ask("The same again: ", { hidden: true }) === first) return first;
    terminal.show("The two are not the same.\n");
  }
  throw new KeysError("failed", "UNCONFIRMED", "No passphrase was confirmed. Nothing was changed");
}

async function readPassphrase(path: string): Promise<string> {
  const fail = (why: string, cause?: unknown) =>
    new IdentityError(
      "usage",
      "PASSPHRASE_NEEDED",
      `The passphrase file ${path} (LIBRESEED_PASSPHRASE_FILE) ${why}`,
      { cause, detail: { path } },
    );
  let text: string;
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile || size > MAX_FILE_BYTES) throw new Error("it is no small regular file");
    text = await Deno.readTextFile(path);
  } catch (cause) {
    throw fail(`cannot be read: ${messageOf(cause)}`, cause);
  }
  const passphrase = text.replace(/\r?\n$/, "");
  if (passphrase === "") throw fail("is empty");
  return passphrase;
}
