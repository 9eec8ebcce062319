/**
 * Merges what several keys of one publisher offer of a package. A key counts for the names that its
 * certificate covers. If two keys list or flag one version, the first in the order of the publisher record
 * decides about it. So the publisher's own key, which the record names first, can yank what a CI's key has
 * published, and not the other way round.
 *
 * @module
 */

import { toHex } from "../base/mod.ts";
import { coversName } from "../identity/mod.ts";
import type { SigningKey } from "../records/mod.ts";
import type { PackageOffer } from "../store/mod.ts";

/** A publisher's offer of one package: versions and flags in the lists of all its keys. */
export interface MergedOffer extends Pick<PackageOffer, "flags"> {
  /** Listed versions, in any order, yanked ones included; absent if no list was read. */
  versions?: string[];
  /** Keys that list a version, the first in the order of the publisher record first. */
  keysOf(version: string): readonly SigningKey[];
}

/** The offer of one package in the list of one key. */
export interface KeyOffer {
  key: SigningKey;
  ofName: Pick<PackageOffer, "versions" | "flags">;
}

/**
 * Merges offers.
 *
 * @param offers in the order of the keys in the publisher record
 */
export function mergeOffers(name: string, offers: readonly KeyOffer[]): MergedOffer {
  const own = offers.filter(({ key }) => coversName(key, name));
  const keys = new Map<string, SigningKey[]>();
  for (const { key, ofName } of own) {
    for (const version of ofName.versions ?? []) {
      const before = keys.get(version);
      if (!before) keys.set(version, [key]);
      else if (before.at(-1) !== key) before.push(key);
    }
  }
  /** The first key that lists or flags a version. */
  const deciding = new Map<string, SigningKey>();
  for (const { key, ofName: { versions = [], flags: { yanked, deprecated } } } of own) {
    for (const version of [...versions, ...yanked.keys(), ...deprecated.keys()]) {
      if (!deciding.has(version)) deciding.set(version, key);
    }
  }
  const decides = (key: SigningKey, version: string) =>
    toHex(deciding.get(version)!.key) === toHex(key.key);
  const flags = {
    yanked: new Map<string, string>(),
    deprecated: new Map<string, string>(),
    tags: new Map<string, string>(),
  };
  for (const { key, ofName } of own) {
    for (const kind of ["yanked", "deprecated"] as const) {
      for (const [version, text] of ofName.flags[kind]) {
        if (decides(key, version) && !flags[kind].has(version)) flags[kind].set(version, text);
      }
    }
    for (const [tag, version] of ofName.flags.tags) {
      if (!flags.tags.has(tag)) flags.tags.set(tag, version);
    }
  }
  const isRead = offers.some(({ ofName }) => ofName.versions !== undefined);
  return {
    ...(isRead && { versions: [...keys.keys()] }),
    flags,
    keysOf: (version) => keys.get(version) ?? [],
  };
}
