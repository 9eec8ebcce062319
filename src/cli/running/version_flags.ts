/**
 * The flags of the version that a command takes: whether its publisher has yanked or deprecated it, and
 * the tags that name it.
 *
 * @module
 */

import type { PackageFlags } from "../../base/mod.ts";
import type { VersionFlags } from "../../fetching/mod.ts";
import type { MinimalManifest } from "../../package/mod.ts";
import type { Magnet } from "../../records/mod.ts";
import type { Output } from "../terminal/output.ts";
import type { Network } from "./with_node.ts";

/**
 * Warns of a version that is yanked or deprecated. Returns the version's flags, for the JSON of the
 * command.
 */
export async function tellFlags(
  output: Output,
  minimal: MinimalManifest,
  flags: PackageFlags,
): Promise<VersionFlags> {
  const { flagsOfVersion, warningsOf } = await import("../../fetching/mod.ts");
  const own = flagsOfVersion(flags, minimal.version);
  for (const warning of warningsOf(minimal, own)) output.warning(warning);
  return own;
}

/**
 * Looks up the flags of the package that a magnet link names, while its archive is downloaded.
 *
 * @returns a function that returns the flags for the manifest that the link has led to; `undefined` if
 * the link names no publisher, or if its display name is not that of the package
 */
export async function flagsOfMagnet(
  { operations, finding, state, trust }: Network,
  { publicKey, identity = publicKey, name: displayed = "" }: Magnet,
): Promise<(minimal: MinimalManifest) => Promise<PackageFlags | undefined>> {
  const name = displayed.slice(0, Math.max(displayed.lastIndexOf("@"), 0));
  const { isValidName } = await import("../../package/mod.ts");
  if (!identity || !isValidName(name)) return () => Promise.resolve(undefined);
  const { knownFlags, OfferCache } = await import("../../fetching/mod.ts");
  const subject = { publicKey: identity, name };
  const looking = knownFlags(operations, subject, finding, new OfferCache(trust, state().offers));
  // The link may lead to nothing.
  looking.catch(() => {});
  return async (minimal) => minimal.name === name ? await looking : undefined;
}
