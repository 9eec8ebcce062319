/**
 * Pins: the publishers that this home accepts under a bare name. The first publisher is pinned on first
 * use, and any other is refused until the user trusts it.
 *
 * @module
 */

import { equalBytes, toHex } from "../base/mod.ts";
import { raiseMarks, type RangeKind } from "../fetching/mod.ts";
import { fingerprint, formatPublicKey } from "../identity/mod.ts";
import type { Pin } from "../store/mod.ts";
import type { NamesContext } from "./context.ts";
import { NamesError } from "./errors.ts";

/**
 * Refuses a publisher other than the pinned ones. A name without a pin accepts any.
 *
 * @throws {NamesError} `PUBLISHER_CHANGED` (kind `verification`)
 */
export function checkPin(name: string, publicKey: Uint8Array, pins: readonly Pin[]): void {
  if (pins.length === 0 || pins.some((pin) => equalBytes(pin.publicKey, publicKey))) return;
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
 * Pins the publisher of a package that was got, on first use, and raises its high-water marks.
 *
 * @param kind kind of the requested range; an exact version raises no mark, since the publisher's list
 * may not have it
 */
export function rememberPublisher(
  { state, finding, onNotice }: Pick<NamesContext, "state" | "finding" | "onNotice">,
  { name, version }: { name: string; version: string },
  publicKey: Uint8Array,
  kind: RangeKind,
): void {
  // A transaction, because several commands may do this at once, with other versions or publishers.
  const isNew = state.transaction(() => {
    const pins = state.pins.list(name);
    const pin = pins.find((one) => toHex(one.publicKey) === toHex(publicKey));
    // A publisher that the user named by key is not trusted under the bare name.
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
