/**
 * The key of this home's own publisher, as commands use it: the launcher opens the key file and
 * signs, and the command has the public key only.
 *
 * @module
 */

import { LibreseedError, publisherKeyPath } from "../../base/mod.ts";
import type { Signer } from "../../identity/mod.ts";
import type { SigningKeyFacts } from "../../launcher/mod.ts";
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
  return {
    ...await launcher.signingKey(path),
    sign: (statement) => launcher.sign(path, statement),
  };
}

/**
 * Returns the identity of this home's own publisher, 32 bytes; `undefined` if the home has no key.
 *
 * @param home path of the home
 * @throws {LibreseedError} the errors of the key file but `KEY_NOT_FOUND`
 */
export async function ownIdentity(
  { launcher }: Pick<Io, "launcher">,
  home: string,
): Promise<Uint8Array | undefined> {
  try {
    return rootOf(await launcher.signingKey(publisherKeyPath(home)));
  } catch (error) {
    if (error instanceof LibreseedError && error.code === "KEY_NOT_FOUND") return undefined;
    throw error;
  }
}

/**
 * Returns the identity of a signing key, 32 bytes: `identityOf` of `src/identity`, which commands that
 * need no key do not load.
 */
export function rootOf({ publicKey, certificate }: SigningKeyFacts): Uint8Array {
  return certificate?.root ?? publicKey;
}
