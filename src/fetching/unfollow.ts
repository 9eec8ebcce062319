/**
 * Ends following a publisher or packages of it, and counts what is followed, for commands and the daemon.
 *
 * @module
 */

import { equalBytes, NO_FLAGS } from "../base/mod.ts";
import type { FollowScope, StateDatabase } from "../store/mod.ts";
import { FetchingError } from "./errors.ts";
import { followedOf, formatFollowed } from "./follow_scope.ts";

/** Maximum number of packages of a publisher that an error names. */
const MAX_NAMED = 5;

/**
 * Ends following a publisher with all its packages, a package in all ranges, or one range of a package.
 *
 * @param publicKey key of the publisher, 32 bytes
 * @throws {FetchingError} `NOT_FOLLOWED` (kind `not-found`), which names what is followed of the publisher
 */
export function unfollow(
  { follows }: Pick<StateDatabase, "follows">,
  publicKey: Uint8Array,
  scope: FollowScope,
): void {
  if (follows.remove(publicKey, scope)) return;
  const follow = follows.list().find((one) => equalBytes(one.publicKey, publicKey));
  const there = follow?.scopes.slice(0, MAX_NAMED).map((one) => formatFollowed(publicKey, one));
  throw new FetchingError(
    "not-found",
    "NOT_FOLLOWED",
    `${formatFollowed(publicKey, scope)} is not followed` +
      (there ? `, but ${there.join(", ")}` : ""),
  );
}

/** Counts the stored versions that one target of a followed publisher has, each version by itself. */
export function countFollowed(
  { follows, offers }: Pick<StateDatabase, "follows" | "offers">,
  publicKey: Uint8Array,
  scope: FollowScope,
): number {
  const stored = follows.ofPublisher(publicKey);
  const flagsOf = (name: string) => {
    const one = stored.find((manifest) => manifest.name === name);
    return one && offers.ofManifest(one)?.flags || NO_FLAGS;
  };
  return followedOf([scope], stored, flagsOf).length;
}
