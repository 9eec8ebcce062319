/**
 * Pins: the publishers that this home accepts for a package name. The first download by a name pins its
 * publisher. Any other publisher of the name is refused until the user trusts that publisher.
 *
 * @module
 */

import { equalBytes, toHex } from "../base/mod.ts";
import { raiseMarks, type RangeKind } from "../fetching/mod.ts";
import { fingerprint, formatPublicKey } from "../identity/mod.ts";
import type { Pin } from "../store/mod.ts";
import type { Trust } from "../trust/mod.ts";
import type { NamesContext } from "./context.ts";
import { NamesError } from "./errors.ts";

/**
 * Throws if a name is pinned and the publisher is not one of the pinned publishers. A pinned key that has
 * made a root for itself stands for its new identity, as long as it is not revoked.
 *
 * @param trust what the home knows of publishers' keys; if absent, only the pinned keys themselves count
 * @throws {NamesError} `PUBLISHER_CHANGED` (kind `verification`)
 */
export function checkPin(
  name: string,
  publicKey: Uint8Array,
  pins: readonly Pin[],
  trust?: Trust,
): void {
  if (pins.length === 0 || pins.some((pin) => equalBytes(pin.publicKey, publicKey))) return;
  // A thief of the pinned key can certify it by another root, so only the first identity counts.
  const isNewIdentityOf = ({ publicKey: key }: Pin) => {
    const [first] = trust?.identitiesOf(key) ?? [];
    return first && equalBytes(first, publicKey) && !trust!.revocationOfKey(key, key);
  };
  if (pins.some(isNewIdentityOf)) return;
  const [pin] = pins;
  const since = new Date(pin!.firstSeenMs).toISOString().slice(0, 10);
  const before = formatPublicKey(pin!.publicKey);
  const now = formatPublicKey(publicKey);
  throw new NamesError(
    "verification",
    "PUBLISHER_CHANGED",
    `${name} came from another publisher until now.\n` +
      `  pinned ${since}: ${before} (${fingerprint(pin!.publicKey)})\n` +
      `  offered now:       ${now} (${fingerprint(publicKey)})\n` +
      `If its publisher told you of the new key, accept it: libreseed trust add ${name} ${now}`,
    { detail: { name, pinned: before, offered: now } },
  );
}

/**
 * Pins the publisher after the first download by a name. After every download, raises the publisher's
 * high-water marks (see `fetching/version_marks.ts`).
 *
 * @param kind kind of the requested range; a request for an exact version raises no mark, since that
 * version may be missing in the publisher's list
 */
export function rememberPublisher(
  { state, finding, onNotice }: Pick<NamesContext, "state" | "finding" | "onNotice">,
  { name, version }: { name: string; version: string },
  publicKey: Uint8Array,
  kind: RangeKind,
): void {
  // A transaction is needed, because several commands may pin publishers or raise marks concurrently.
  const isNew = state.transaction(() => {
    const pins = state.pins.list(name);
    const pin = pins.find((one) => toHex(one.publicKey) === toHex(publicKey));
    // The name is pinned to other publishers. The user requested this publisher by key, and a request by
    // key does not change the pins of such a name.
    if (pins.length > 0 && !pin) return false;
    const marks = raiseMarks(pin ?? {}, version, kind);
    state.pins.set({ ...marks, name, publicKey, firstSeenMs: finding.clock.now() });
    return pins.length === 0;
  });
  if (!isNew) return;
  onNotice?.(
    `first use of ${name}: pinned to ${formatPublicKey(publicKey)} (${
      fingerprint(publicKey)
    }); another publisher will be refused`,
  );
}
