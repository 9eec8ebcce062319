/**
 * Addresses of pages that other pages link to.
 *
 * @module
 */

import type { VersionOf } from "../data/mod.ts";

/** Returns the address of the page of a version: `#/packages/NAME/VERSION?publisher=KEY`. */
export function addressOf({ name, version, publisher }: VersionOf): string {
  const query = publisher === undefined ? "" : `?${new URLSearchParams({ publisher })}`;
  return `#/packages/${encodeURIComponent(name)}/${encodeURIComponent(version)}${query}`;
}
