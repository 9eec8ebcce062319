/**
 * Reads the newest versions of a package that its publisher lists.
 *
 * @module
 */

import type { Operations } from "../control/mod.ts";
import { fittingVersions } from "./choose_version.ts";
import type { FindOptions } from "./find_record.ts";
import { readOffers, type WantedOffer } from "./offer.ts";
import type { OfferCache } from "./offer_cache.ts";
import type { Wanted } from "./resolve.ts";
import { flagsOfVersion, type VersionFlags } from "./version_flags.ts";

/** The newest versions of a package that its publisher lists. */
export interface NewestVersions {
  /** The version that a request with the range would try first; absent if no version fits. */
  wanted?: string;
  /** The version that a request without a range would try first; absent if there is none. */
  latest?: string;
  /** Returns the flags of a version. */
  flagsOf(version: string): VersionFlags;
}

/**
 * Reads the newest versions of a package from its publisher's list. A lookup of the package itself may
 * find that a listed version is unavailable.
 *
 * @throws {FetchingError} as `readOffers`
 */
export async function newestVersions(
  operations: Operations,
  { publicKey, name, range }: Wanted,
  options: FindOptions,
  offers: OfferCache,
): Promise<NewestVersions> {
  const read = (wanted: WantedOffer) =>
    readOffers(operations, offers.records, publicKey, { ...options, ...wanted });
  const offer = offers.settle(name, await offers.of(publicKey, name, read));
  const [wanted] = fittingVersions(offer, range);
  const [latest] = fittingVersions(offer, undefined);
  return {
    ...(wanted !== undefined && { wanted }),
    ...(latest !== undefined && { latest }),
    flagsOf: (version) => flagsOfVersion(offer.flags, version),
  };
}
