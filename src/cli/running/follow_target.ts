/**
 * Reads what to follow: a publisher, or a package of a publisher.
 *
 * @module
 */

import type { PublicKey } from "../../identity/mod.ts";
import type { FollowScope } from "../../store/mod.ts";
import { CliError } from "../process/errors.ts";

/** A publisher, or packages of one, that a command line names to be followed. */
export interface FollowTarget {
  /** The publisher's key, 32 bytes. */
  publicKey: PublicKey;
  scope: FollowScope;
  /** The target as output names it: `KEY`, or `KEY/NAME[@RANGE]`, with the key in base64. */
  label: string;
}

/**
 * Parses `KEY` or `KEY/NAME[@RANGE]`.
 *
 * @throws {CliError} `BAD_ARGUMENTS` (kind `usage`) for a package without a publisher
 * @throws {IdentityError} `KEY_INVALID`
 * @throws {PackageError} `SPEC_INVALID`, `NAME_INVALID`
 */
export async function followTarget(text: string): Promise<FollowTarget> {
  const { IdentityError, parsePublicKey } = await import("../../identity/mod.ts");
  const { PackageError, parsePackageSpec } = await import("../../package/mod.ts");
  const { formatFollowed } = await import("../../fetching/mod.ts");
  const labelled = (publicKey: PublicKey, scope: FollowScope): FollowTarget => ({
    ...{ publicKey, scope, label: formatFollowed(publicKey, scope) },
  });
  try {
    return labelled(parsePublicKey(text), {});
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    // Only a key in base64 holds a slash without being followed by a name.
    if (!/^(ed25519:.{44}|[0-9a-fA-F]{64})\//s.test(text)) {
      if (!isPackage(text)) throw error;
      throw new CliError(
        "usage",
        "BAD_ARGUMENTS",
        `${
          JSON.stringify(text)
        } names no publisher. Write KEY/NAME, with the key of the publisher to ` +
          "trust: `libreseed trust list` shows those that are pinned, and `libreseed following` " +
          "those that are followed",
      );
    }
  }
  const { publicKey, name, range } = parsePackageSpec(text);
  return labelled(publicKey!, { name, ...(range !== undefined && { range }) });

  function isPackage(spec: string): boolean {
    try {
      return parsePackageSpec(spec).publicKey === undefined;
    } catch (error) {
      if (error instanceof PackageError) return false;
      throw error;
    }
  }
}
