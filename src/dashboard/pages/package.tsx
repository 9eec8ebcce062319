/**
 * The page of one version of a package.
 *
 * @module
 */

import type { PageProps } from "../parts/mod.ts";

/** The page of one version of a package. */
export function PackagePage(_props: PageProps) {
  return <p class="empty">Nothing here</p>;
}
