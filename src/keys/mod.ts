/**
 * The keys of a publisher: makes an identity, and changes which keys sign for it. This room runs in
 * the launcher, which alone opens private keys. It decodes nothing that the publisher's root key has
 * not signed.
 *
 * - `key_order.ts`: the changes that a command line can order.
 * - `new_identity.ts` makes root and signing key; `key_changes.ts` certifies, rotates and revokes.
 * - `publisher_change.ts` makes the next publisher record from the one before;
 *   `publisher_record_file.ts` signs and verifies it.
 * - `key_files.ts` encrypts keys and moves the root key; `backup.ts` saves and restores the keys, in the
 *   format of `backup_file.ts`.
 * - `root_key.ts` opens a root key wherever it is, `ssh_agent.ts` uses keys in an SSH agent.
 * - `key_directory.ts` writes the files in `keys`, all or none; `own_key.ts` reads them.
 * - `terminal.ts` and `passphrases.ts` ask the user.
 *
 * Left to others: the formats of keys and certificates (`src/identity`), the format of records
 * (`src/records`), which command may order what (`src/launcher`), and putting records into the DHT.
 * Start reading in `key_changes.ts`.
 *
 * @module
 */

export { readBackup, restoreKeys, writeBackup } from "./backup.ts";
export type { Backup } from "./backup_file.ts";
export { KeysError } from "./errors.ts";
export { keyPathsOf, settleKeys } from "./key_directory.ts";
export { changeKeys, type KeyChange, type KnownElsewhere } from "./key_changes.ts";
export { moveRoot, setPassphrase } from "./key_files.ts";
export {
  type IdentityOrder,
  identityOrderOf,
  type KeyFileOrder,
  keyFileOrderOf,
  type KeyOrder,
  keyOrderOf,
  type RootPlace,
  type RootSource,
} from "./key_order.ts";
export { createIdentity, type NewIdentity } from "./new_identity.ts";
export { type KeyFacts, keyFacts } from "./key_facts.ts";
export { certificateOf, ownRevocation } from "./own_key.ts";
export { passphrasesFor } from "./passphrases.ts";
export type { GoodArchives } from "./publisher_change.ts";
export { type KeySurroundings, openRoot } from "./root_key.ts";
export { agentFingerprint, agentKey } from "./ssh_agent.ts";
export { ProcessTerminal, type Terminal, terminalNeeded } from "./terminal.ts";
