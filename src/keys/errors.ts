/**
 * The error class of `src/keys`. The codes are part of the API:
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `AGENT_FAILED` | failed | the SSH agent refuses, vanishes, or answers something else than asked |
 * | `AGENT_NOT_FOUND` | not-found | no SSH agent runs, or it does not have the key |
 * | `BAD_ARGUMENTS` | usage | a flag of `keygen` or `key` is missing, or has no possible value |
 * | `BACKUP_INVALID` | failed, not-found | a backup cannot be read, or has another format |
 * | `FILE_EXISTS` | failed | something is already at the path of a new file |
 * | `HAS_ROOT` | failed | the home's key has a root already |
 * | `KEYS_BUSY` | in-use | another process changes the keys of the home |
 * | `KEYS_UNWRITABLE` | failed | the operating system refuses to read or write in the directory of keys |
 * | `KEY_EXISTS` | failed | the home has a key already |
 * | `KEY_CHANGE_INVALID` | usage, failed | a change of the publisher's keys is not possible |
 * | `KEY_NOT_FOUND` | not-found | the home has no keys |
 * | `NEWER_FORMAT` | failed | a newer libreseed has written the backup |
 * | `NO_ROOT` | not-found | there is no root key where one was named; or the home has none, and none was named |
 * | `PASSPHRASE_NEEDED` | usage | there is neither a terminal nor a usable passphrase file |
 * | `PASSPHRASE_WRONG` | failed | no given passphrase decrypts a backup |
 * | `RECORD_INVALID` | verification | a publisher record is not signed by the root key, is damaged, or contradicts itself |
 * | `ROOT_MISMATCH` | failed | the root key is not that of the home's identity |
 * | `TERMINAL_NEEDED` | usage | a command has to ask, and there is no terminal |
 * | `UNCONFIRMED` | failed | the user has not confirmed |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error about the keys of a home. The codes are listed at the top of this file. */
export class KeysError extends LibreseedError {
  override name = "KeysError";
}
