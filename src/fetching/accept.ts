/**
 * Accepts a package, or refuses it because its key is revoked. If the publisher's list of good
 * archives decides, fetches the list.
 *
 * @module
 */

import { fromHex, LibreseedError } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import { parsePublicKey } from "../identity/mod.ts";
import type { MinimalManifest } from "../package/mod.ts";
import { type Signed, type Trust, TrustError } from "../trust/mod.ts";
import type { FindOptions } from "./find_record.ts";
import { fetchGoodList } from "./good_list.ts";

/** Operations of the node, and knowledge of publishers' keys, with which a package is accepted. */
export interface AcceptContext {
  operations: Operations;
  trust: Trust;
}

/**
 * Throws if a package is not to be accepted; see `Trust.check`. If the key is revoked and the publisher's
 * list of good archives was not read yet, fetches it first. A list that cannot be fetched vouches for nothing.
 *
 * @param signed the manifest that says which archive is meant
 * @param archiveSha256 `sha256:` and 64 hexadecimal digits
 * @throws {TrustError} `KEY_REVOKED`, `CERTIFICATE_NOT_YET` (kind `verification`)
 */
export async function checkAccepted(
  { operations, trust }: AcceptContext,
  signed: Signed,
  archiveSha256: string,
  options: FindOptions,
): Promise<void> {
  try {
    return trust.check(signed, archiveSha256);
  } catch (error) {
    if (!(error instanceof TrustError) || typeof error.detail.goodList !== "string") throw error;
    const root = parsePublicKey(error.detail.identity as string);
    const infoHash = fromHex(error.detail.goodList)!;
    try {
      const { seedDirectory } = await operations.status();
      const hashes = await fetchGoodList({ ...options, operations, seedDirectory }, root, infoHash);
      trust.learnGoodList(root, infoHash, hashes);
    } catch (cause) {
      options.signal?.throwIfAborted();
      if (!(cause instanceof LibreseedError)) throw cause;
      throw new TrustError(error.kind, error.code, `${error.message} (${cause.message})`, {
        cause,
        detail: error.detail,
      });
    }
  }
  trust.check(signed, archiveSha256);
}

/** Accepts a verified minimal manifest as {@linkcode checkAccepted} does, and remembers its key. */
export async function acceptManifest(
  context: AcceptContext,
  minimal: MinimalManifest,
  options: FindOptions,
): Promise<void> {
  await checkAccepted(context, minimal, minimal.archiveSha256, options);
  context.trust.remember(minimal);
  if (minimal.signer) context.trust.tellUnseen(parsePublicKey(minimal.pubkey));
}
