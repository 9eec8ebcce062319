/**
 * The flags of one version, for commands: as JSON, and as warnings to the user.
 *
 * @module
 */

import type { PackageFlags } from "../base/mod.ts";

/** The flags of one version of a package. A member is absent if the version does not have the flag. */
export interface VersionFlags {
  /** Reason why the version was yanked; may be empty. */
  yanked?: string;
  /** Message about the deprecated version. */
  deprecated?: string;
  /** Tags that name the version, sorted. */
  tags?: string[];
}

/** Returns the flags of one version. */
export function flagsOfVersion(
  { yanked, deprecated, tags }: PackageFlags,
  version: string,
): VersionFlags {
  const [reason, message] = [yanked.get(version), deprecated.get(version)];
  const named = [...tags].filter(([, one]) => one === version).map(([tag]) => tag).sort();
  return {
    ...(reason !== undefined && { yanked: reason }),
    ...(message !== undefined && { deprecated: message }),
    ...(named.length > 0 && { tags: named }),
  };
}

/** Describes the flags of a version that a user should know of: at most two sentences. */
export function warningsOf(
  { name, version }: { name: string; version: string },
  { yanked, deprecated }: VersionFlags,
): string[] {
  const label = `${name}@${version}`;
  return [
    ...(yanked === undefined ? [] : [
      `${label} is yanked${
        yanked === "" ? "" : ` (${yanked})`
      }: its publisher advises against it, ` +
      "and ranges pass it over",
    ]),
    ...(deprecated === undefined ? [] : [`${label} is deprecated: ${deprecated}`]),
  ];
}
