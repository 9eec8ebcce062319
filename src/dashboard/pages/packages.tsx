/**
 * The page of all packages.
 *
 * @module
 */

import type { PageProps } from "../parts/mod.ts";

/** The page of all packages. */
export function PackagesPage(_props: PageProps) {
  return <p class="empty">Nothing here</p>;
}
