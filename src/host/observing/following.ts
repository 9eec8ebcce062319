/**
 * The operations `follow` and `unfollow`.
 *
 * @module
 */

import type { CallOptions, FollowedJson, RequestOf } from "../../control/mod.ts";
import { countFollowed, formatFollowed, unfollow } from "../../fetching/mod.ts";
import { formatPublicKey } from "../../identity/mod.ts";
import { parsePackageSpec } from "../../package/mod.ts";
import type { FollowScope } from "../../store/mod.ts";
import { HostError } from "../errors.ts";
import { followPublisher } from "../records/mod.ts";
import type { ObservedHost } from "./parts.ts";

/**
 * Follows what the request names, and reads the publisher's list.
 *
 * @throws {HostError} `RANGE_WITHOUT_NAME` (kind `usage`)
 * @throws {PackageError} `SPEC_INVALID`, `NAME_INVALID`
 */
export async function follow(
  host: ObservedHost,
  request: RequestOf<"follow">,
  { signal }: CallOptions,
): Promise<FollowedJson> {
  const { operations, state, trust, seeds, clock, settings, onWarning } = host;
  const { publicKey } = request;
  const scope = scopeOf(request);
  const followed = await followPublisher(
    {
      ...{ operations, state, trust, clock, onWarning, seedDirectory: seeds.path },
      ...{ timeoutMs: settings().timeoutMs, signal },
    },
    publicKey,
    scope,
  );
  // Mirroring starts without waiting for the next periodic check.
  host.follows()?.look();
  return followed;
}

/**
 * Ends following what the request names. Mirrored archives stay.
 *
 * @throws {FetchingError} `NOT_FOLLOWED` (kind `not-found`)
 */
export function endFollowing(
  { state, follows }: ObservedHost,
  request: RequestOf<"unfollow">,
): FollowedJson {
  const { publicKey } = request;
  const scope = scopeOf(request);
  const packages = countFollowed(state, publicKey, scope);
  unfollow(state, publicKey, scope);
  follows()?.look();
  return { publisher: formatPublicKey(publicKey), ...scope, packages };
}

/** Reads a request with the rules of the command line. */
function scopeOf({ publicKey, name, range }: RequestOf<"follow">): FollowScope {
  if (name === undefined) {
    if (range === undefined) return {};
    throw new HostError(
      "usage",
      "RANGE_WITHOUT_NAME",
      `The range ${JSON.stringify(range)} names no package: give the name of the package, too`,
    );
  }
  const scope = { name, ...(range !== undefined && { range }) };
  parsePackageSpec(formatFollowed(publicKey, scope));
  return scope;
}
