/**
 * The key of this home's own publisher, as commands use it: the launcher opens the key file and
 * signs, and the command has the public key only.
 *
 * @module
 */

import { LibreseedError, publisherKeyPath } from "../../base/mod.ts";
import type { Signer } from "../../identity/mod.ts";
import type { Io } from "../process/context.ts";

/**
 * Returns a signer for this home's key.
 *
 * @param home path of the home
 * @throws {LibreseedError} the errors of the key file: `KEY_NOT_FOUND` and so on
 */
export async function publisherSigner(
  { launcher }: Pick<Io, "launcher">,
  home: string,
): Promise<Signer> {
  const path = publisherKeyPath(home);
  const publicKey = await launcher.publicKey(path);
  return { publicKey, sign: (statement) => launcher.sign(path, statement) };
}

/**
 * Returns the public key of this home's own publisher, 32 bytes; `undefined` if the home has no key.
 *
 * @param home path of the home
 * @throws {LibreseedError} the errors of the key file but `KEY_NOT_FOUND`
 */
export async function ownPublicKey(
  { launcher }: Pick<Io, "launcher">,
  home: string,
): Promise<Uint8Array | undefined> {
  try {
    return await launcher.publicKey(publisherKeyPath(home));
  } catch (error) {
    if (error instanceof LibreseedError && error.code === "KEY_NOT_FOUND") return undefined;
    throw error;
  }
}
