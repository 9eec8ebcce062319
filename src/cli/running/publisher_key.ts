/**
 * The key of this home's own publisher, as commands use it: the launcher opens the key file and
 * signs, and the command has the public key only.
 *
 * @module
 */

import { equalBytes, LibreseedError, publisherKeyPath } from "../../base/mod.ts";
import type { Signer } from "../../identity/mod.ts";
import type { SigningKeyFacts } from "../../launcher/mod.ts";
import type { Io } from "../process/context.ts";
import { CliError } from "../process/errors.ts";
import type { Output } from "../terminal/output.ts";

/**
 * Returns a signer for this home's key, or for a key in the SSH agent.
 *
 * @param home path of the home
 * @param agentKey value of the flag `--key`. The launcher reads it, too
 * @param output says that a root key lies in the home, or that the key has none
 * @throws {LibreseedError} the errors of the key file and of the agent: `KEY_NOT_FOUND` and so on
 */
export async function publisherSigner(
  { launcher }: Pick<Io, "launcher">,
  home: string,
  agentKey?: string,
  output?: Pick<Output, "notice" | "warning">,
): Promise<Signer> {
  if (agentKey !== undefined && !agentKey.startsWith("ssh-agent:")) {
    throw new CliError(
      "usage",
      "BAD_ARGUMENTS",
      `--key ${
        JSON.stringify(agentKey)
      } names no key in the SSH agent. Write --key ssh-agent:SHA256:…, ` +
        "with the fingerprint that `ssh-add -l` prints",
    );
  }
  const path = publisherKeyPath(home);
  const { rootPath, ...facts } = await launcher.signingKey(path, true);
  if (rootPath !== undefined) {
    output?.warning(
      `the root key lies in the home (${rootPath}), where a thief of the signing key finds it too; move ` +
        "it away with `libreseed key root move FILE`",
    );
  }
  if (!facts.certificate && agentKey === undefined) {
    output?.notice(
      "this home's key has no root key, so it cannot be revoked if it is stolen; make one with " +
        "`libreseed keygen --certify-existing`",
    );
  }
  return { ...facts, sign: (statement) => launcher.sign(path, statement) };
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

/**
 * Warns that the publisher record beside this home's key revokes the key. The signature of the record is not
 * verified: nothing but the warning depends on it.
 */
export async function warnIfRevoked(
  { publicKey, publisherRecord }: Pick<Signer, "publicKey" | "publisherRecord">,
  output: Pick<Output, "warning">,
): Promise<void> {
  if (!publisherRecord) return;
  const { decodeItem, decodePublisherRecord } = await import("../../records/mod.ts");
  try {
    const { revokedKeys } = decodePublisherRecord(decodeItem(publisherRecord).value);
    const revoked = revokedKeys.find(({ key }) => equalBytes(key, publicKey));
    if (!revoked) return;
    const reason = revoked.reason === undefined ? "" : ` (${JSON.stringify(revoked.reason)})`;
    output.warning(
      `this home's signing key is revoked${reason}, so readers refuse what it signs; have the root key ` +
        "certify a new one with `libreseed key rotate`",
    );
  } catch (error) {
    // `publish` and `doctor` say what is wrong with the record.
    if (!(error instanceof LibreseedError)) throw error;
  }
}
