/**
 * Trust in keys: decides whether what a key has signed is accepted, and learns which keys publishers
 * have certified and revoked. Every place that accepts a package asks this room. It runs in the
 * thread of a command or of the host, and does not use the network.
 *
 * {@linkcode Trust} (`trust.ts`) is the place to start. Callers hand it what they have verified:
 *
 * - `learnRecord` takes each publisher record that a lookup has found, `remember` each minimal
 *   manifest with a certificate, `learnGoodList` a fetched list of good archives;
 * - `check` throws if the key of a manifest is revoked and nothing vouches for the archive;
 * - `signingKeys` returns the keys under which a reader looks for records of an identity.
 *
 * The knowledge is in tables of `state.db`, and what cannot be had again is in `trust.log` too, as
 * signed items and manifests (`trust_log.ts`). A state database that lacks lines of the log takes them
 * up, so a new one begins from it (`knowledge.ts`).
 *
 * `record_order.ts` says which of two publisher records counts, and which records are refused;
 * `words.ts` has the messages for people.
 *
 * Left to others: verifying signatures and certificates (`src/package`, `src/records`), looking
 * records up (`src/fetching`), keeping publisher records alive (`src/host`).
 *
 * @module
 */

export { TrustError } from "./errors.ts";
export { isNewerRecord, problemOfTimes } from "./record_order.ts";
export {
  type KnownIdentity,
  type Learned,
  type Revocation,
  type Signed,
  Trust,
  type TrustOptions,
} from "./trust.ts";
export { describeRevocation } from "./words.ts";
