/**
 * Begins to follow a publisher or packages of it, for the command `follow` and the daemon's operation.
 *
 * @module
 */

import { LibreseedError } from "../../base/mod.ts";
import type { FollowedJson } from "../../control/mod.ts";
import { countFollowed } from "../../fetching/mod.ts";
import { formatPublicKey } from "../../identity/mod.ts";
import type { FollowScope } from "../../store/mod.ts";
import { type FollowContext, refreshFollow } from "./follow_refresh.ts";

/**
 * Follows a publisher, a package of it, or versions of the package, and reads the publisher's list. It is
 * followed also if its list cannot be read now, because it may publish a list later; the result says so.
 *
 * @param publicKey key of the publisher, 32 bytes
 */
export async function followPublisher(
  context: FollowContext,
  publicKey: Uint8Array,
  scope: FollowScope,
): Promise<FollowedJson> {
  const { state, clock, signal } = context;
  state.follows.add(publicKey, clock.now(), scope);
  let warning: string | undefined;
  try {
    await refreshFollow(context, publicKey);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof LibreseedError)) throw error;
    warning = `${error.message}. ${
      scope.name === undefined ? "The publisher" : "The package"
    } is followed; the daemon will try again`;
  }
  const packages = countFollowed(state, publicKey, scope);
  if (warning === undefined && packages === 0 && scope.name !== undefined) {
    warning = `the publisher lists no version of ${scope.name}` +
      (scope.range === undefined ? "" : ` that satisfies ${scope.range}`) +
      ": check the spelling. The package is followed, in case one is published";
  }
  return {
    publisher: formatPublicKey(publicKey),
    ...scope,
    packages,
    ...(warning !== undefined && { warning }),
  };
}
