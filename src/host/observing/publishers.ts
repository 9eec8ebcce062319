/**
 * The operations `publishers` and `names`: whom this home publishes as, follows and accepts.
 *
 * @module
 */

import { publisherKeyPath, toHex } from "../../base/mod.ts";
import type { NameJson, PublisherJson } from "../../control/mod.ts";
import { formatPublicKey, type PublicKey } from "../../identity/mod.ts";
import type { ObservedHost } from "./parts.ts";

/** Lists the publishers that this home publishes as, follows, or has pinned; in this order. */
export async function listPublishers(host: ObservedHost): Promise<PublisherJson[]> {
  const { state, trust, settings, daemon, clock } = host;
  const nowMs = clock.now();
  const own = await ownIdentity(host);
  const ownHex = own && toHex(own);
  const follows = new Map(state.follows.list().map((one) => [toHex(one.publicKey), one]));
  const keys = [
    ...(own ? [own] : []),
    ...[...follows.values()].map(({ publicKey }) => publicKey),
    ...state.pins.list().map(({ publicKey }) => publicKey),
  ];
  const listed = new Map(
    state.follows.totals().map(({ publicKey, packages }) => [toHex(publicKey), packages]),
  );
  const archives = new Map(
    state.verifiedFiles.totals().map(({ publicKey, archives }) => [toHex(publicKey), archives]),
  );
  return [...new Map(keys.map((key) => [toHex(key), key]))].map(([keyHex, key]) => {
    const follow = follows.get(keyHex);
    const certified = trust.signingKeys(key) ?? [{ key, fromMs: 0 }];
    const revoked = trust.identity(key)?.revoked ?? [];
    const signers = new Set([key, ...[...certified, ...revoked].map((one) => one.key)].map(toHex));
    const isOwn = keyHex === ownHex;
    return {
      publisher: formatPublicKey(key),
      own: isOwn,
      follows: follow?.scopes ?? [],
      listed: listed.get(keyHex) ?? (isOwn ? state.records.countPublished() : 0),
      seeded: [...signers].reduce((sum, signer) => sum + (archives.get(signer) ?? 0), 0),
      mirrored: follow !== undefined && daemon && settings().mirror,
      ...(follow?.checkedMs !== undefined && { checkedMs: follow.checkedMs }),
      keys: certified.filter(({ untilMs = Infinity }) => untilMs > nowMs)
        .map((one) => formatPublicKey(one.key)),
      ended: certified.flatMap(({ key, untilMs = Infinity }) =>
        untilMs > nowMs ? [] : [{ key: formatPublicKey(key), untilMs }]
      ),
      revoked: revoked.map(({ key, sinceMs, reason }) => ({
        ...{ key: formatPublicKey(key), sinceMs },
        ...(reason !== undefined && { reason }),
      })),
    };
  });
}

/** Lists the pinned names, by name. */
export function listNames({ state }: Pick<ObservedHost, "state">): NameJson[] {
  return state.pins.list().map((pin) => {
    const version = pin.lastVersion ?? pin.rangeVersion ?? pin.lastPrerelease ??
      pin.rangePrerelease;
    return {
      ...{ name: pin.name, publisher: formatPublicKey(pin.publicKey) },
      ...{ byHand: pin.byHand ?? false, sinceMs: pin.firstSeenMs },
      ...(version !== undefined && { version }),
    };
  });
}

/** Returns this home's own identity; `undefined` without a key, or if the key may not be asked for. */
async function ownIdentity({ launcher, settings }: ObservedHost): Promise<PublicKey | undefined> {
  try {
    const { publicKey, certificate } = await launcher.signingKey(publisherKeyPath(settings().home));
    return certificate?.root ?? publicKey;
  } catch {
    // A key that cannot be read is the business of `doctor`.
    return undefined;
  }
}
