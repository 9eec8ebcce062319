/**
 * The uses of the publisher's key. The launcher grants each use to a command separately.
 *
 * @module
 */

import type { Statement } from "../identity/mod.ts";

/** One use of the key. The launcher builds the signed bytes itself, for each kind of statement. */
export type KeyUse =
  | "tell the public key"
  | "create it"
  | "examine it"
  | "make an identity"
  | "tell the keys"
  | "change the keys"
  | "change the key files"
  | "restore the keys"
  | `sign a ${Statement["kind"]}`;

/** For commands that only compare with the own publisher. */
export const KEY_READING: readonly KeyUse[] = ["tell the public key"];
/** For a command that makes an archive. */
export const KEY_PACKING: readonly KeyUse[] = [
  "tell the public key",
  "sign a full manifest",
  "sign a minimal manifest",
];
/** For a command that publishes. */
export const KEY_PUBLISHING: readonly KeyUse[] = [
  ...KEY_PACKING,
  "sign a record",
  "sign a name entry",
];
/** For a command that changes the flags of published versions. */
export const KEY_FLAGGING: readonly KeyUse[] = [
  ...KEY_READING,
  "sign a record",
  "sign a name entry",
];
/** For a command that certifies keys. */
export const KEY_CHANGING: readonly KeyUse[] = [
  ...KEY_READING,
  "tell the keys",
  "change the keys",
];
/** For a command that replaces or revokes keys: the new key signs the packages of the home again. */
export const KEY_REPLACING: readonly KeyUse[] = [
  ...KEY_CHANGING,
  "sign a minimal manifest",
  "sign a record",
  "sign a name entry",
];
/** For a command that puts one record into the DHT. */
export const KEY_PUTTING: readonly KeyUse[] = [...KEY_READING, "sign a record"];
