/**
 * Flags of packages, as test vectors write them.
 *
 * @module
 */

import type { FlagsByName, PackageFlags } from "../../src/base/mod.ts";

/** The flags of a package as JSON. */
export interface PackageFlagsVector {
  yanked?: Record<string, string>;
  deprecated?: Record<string, string>;
  tags?: Record<string, string>;
}

/** The flags of packages as JSON, by package name. */
export type FlagsVector = Record<string, PackageFlagsVector>;

/** Converts the flags of a package from JSON. */
export function packageFlagsOf(
  { yanked = {}, deprecated = {}, tags = {} }: PackageFlagsVector,
): PackageFlags {
  return {
    yanked: new Map(Object.entries(yanked)),
    deprecated: new Map(Object.entries(deprecated)),
    tags: new Map(Object.entries(tags)),
  };
}

/** Converts the flags of packages from JSON. */
export function flagsOf(flags: FlagsVector): FlagsByName {
  return new Map(Object.entries(flags).map(([name, of]) => [name, packageFlagsOf(of)]));
}
