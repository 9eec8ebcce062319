/**
 * The requests that the command thread sends to the launcher. The set is closed. A request is an
 * action that Deno's permissions cannot express, or that needs something the command thread must
 * not have, such as the key.
 *
 * @module
 */

import type { ErrorData, FoundBinding, InterfaceAddress } from "../base/mod.ts";
import type { Signer, Statement } from "../identity/mod.ts";
import type {
  IdentityOrder,
  KeyChange,
  KeyFacts,
  KeyFileOrder,
  KeyOrder,
  KnownElsewhere,
  NewIdentity,
} from "../keys/mod.ts";
import type { describePath } from "../base/mod.ts";
import type { EngineOptions } from "./engine_permissions.ts";
import type { HomeExamination } from "./home_examination.ts";

/** The process that listens on a TCP port, for error messages. */
export interface PortOwner {
  pid: number;
  /** Name of the process, as the program `ss` shows it. */
  program: string;
}

/**
 * Facts that a command may know of its signing key: the public key, 32 bytes, the
 * certificate of its identity, and the publisher record.
 */
export type SigningKeyFacts = Pick<Signer, "publicKey" | "certificate" | "publisherRecord"> & {
  /** Path of the root key, if it lies in the home. */
  rootPath?: string;
};

/** Facts about a publisher's key file and its directory, for `doctor`. */
export interface KeyExamination {
  /**
   * User ids of the directory's and the file's owners, in this order; `null` on systems without user
   * ids. A symbolic link and its target have an entry each, and a missing path has none.
   */
  owners: { path: string; uid: number | null }[];
  /** Path of the root key, if it lies in the home. */
  rootPath?: string;
  /** The key, if it can be used. */
  key?: {
    /** 32 bytes. */
    publicKey: Uint8Array;
    /** The identity: the root key that certifies the key, else the key itself; 32 bytes. */
    identity: Uint8Array;
    /** The time in which the key may sign, if its certificate limits it: Unix milliseconds. */
    fromMs?: number;
    untilMs?: number;
    /** Whether the publisher record beside the key revokes it: since when, Unix milliseconds, and why. */
    revoked?: { sinceMs: number; reason?: string };
    /** Permissions and type of the directory, as `stat` returns them; 0 on Windows. */
    directoryMode: number;
    /** Number of names (hard links) of the key file. */
    names: number;
  };
  /** The reason for which the key cannot be used. Exactly one of `key` and `problem` is there. */
  problem?: ErrorData & {
    /** Whether the operating system denied access. */
    isDenied: boolean;
    /** Target of the symbolic link that lies in place of the key file. */
    linkTarget?: string;
  };
}

/** An IP address of a network interface, and its family (IPv4 or IPv6). */
export type HostAddress = Pick<InterfaceAddress, "family" | "address">;

/** A running engine's thread, seen from the thread that uses the engine. */
export interface EngineThread {
  /** Resolves with the reason if the thread dies by an error. Never rejects. */
  readonly died: Promise<string>;
  /** Ends the thread at once, without stopping the engine first. */
  terminate(): void;
}

/** The files that a helper thread may open, as absolute paths without `.` and `..`. */
export interface HelperFiles {
  read: readonly string[];
  write: readonly string[];
}

/** A running helper thread, seen from the thread that uses it. */
export interface HelperThread {
  /** This thread's end of the channel by which the helper gets its orders. */
  readonly port: MessagePort;
  /** Resolves with the reason if the helper dies by an error, or does not start. Never rejects. */
  readonly died: Promise<string>;
  /** Ends the helper at once, and closes the channel. */
  terminate(): void;
}

/**
 * Requests of the command thread to the launcher. In the program they cross a `MessagePort`: values
 * must be cloneable, and an error arrives as a `LibreseedError` with the same `kind`, `code` and
 * `detail`, but without its class. So callers compare the `code`.
 */
export interface LauncherRequests {
  /**
   * Returns the public key of a key file, and the certificate and publisher record beside it.
   *
   * @param opens whether the key will sign, so that the launcher asks for its passphrase now
   *
   * @throws {IdentityError} `KEY_NOT_FOUND` and the other codes of `src/identity/errors.ts`
   */
  signingKey(keyPath: string, opens?: boolean): Promise<SigningKeyFacts>;
  /**
   * Signs a statement with the key of a key file. Returns the signature, 64 bytes.
   *
   * @throws {IdentityError} `STATEMENT_INVALID`, and the errors of {@linkcode signingKey}
   */
  sign(keyPath: string, statement: Statement): Promise<Uint8Array>;
  /**
   * Creates a key pair and writes its key file, never over another file. Makes missing directories.
   * Returns the public key, 32 bytes.
   *
   * @throws {IdentityError} `KEY_EXISTS`, `KEY_UNWRITABLE`
   */
  createKey(keyPath: string): Promise<Uint8Array>;
  /**
   * Makes an identity: a root key, a signing key that it certifies, and the first publisher record. The
   * launcher shows the recovery code at the terminal.
   *
   * @param order the order of this command line, see `identityOrderOf` of `src/keys`
   * @throws {KeysError} see `src/keys/errors.ts`; {@linkcode IdentityError}
   */
  createIdentity(keyPath: string, order: IdentityOrder): Promise<NewIdentity>;
  /**
   * Opens the root key that the command line names, and returns its public key, 32 bytes: the identity.
   *
   * @throws {KeysError} see `src/keys/errors.ts`; {@linkcode IdentityError}
   */
  rootKey(keyPath: string, order: KeyOrder): Promise<Uint8Array>;
  /**
   * Certifies, replaces or revokes a signing key with the root key, and signs the next publisher record.
   *
   * @param order the order of this command line, see `keyOrderOf` of `src/keys`
   * @throws {KeysError} see `src/keys/errors.ts`; {@linkcode IdentityError}
   */
  changeKeys(keyPath: string, order: KeyOrder, known: KnownElsewhere): Promise<KeyChange>;
  /**
   * Encrypts or decrypts the home's private keys, moves its root key, or writes a backup. Returns the
   * paths of the files that were written.
   *
   * @param order the order of this command line, see `keyFileOrderOf` of `src/keys`
   * @param state for a backup: what the home has besides its keys
   * @throws {KeysError} see `src/keys/errors.ts`; {@linkcode IdentityError}
   */
  changeKeyFiles(keyPath: string, order: KeyFileOrder, state?: Uint8Array): Promise<string[]>;
  /**
   * Decrypts a backup for a home without keys. Returns the state that `changeKeyFiles` has got.
   *
   * @throws as `changeKeyFiles`
   */
  openBackup(keyPath: string, order: KeyFileOrder): Promise<Uint8Array>;
  /**
   * Writes the keys of the backup that `openBackup` has opened. Returns the paths of the files.
   *
   * @throws as `changeKeyFiles`
   */
  restoreKeys(keyPath: string, order: KeyFileOrder): Promise<string[]>;
  /** Returns what the home has of its publisher's keys. A home without keys is no error. */
  keyFacts(keyPath: string): Promise<KeyFacts>;
  /** Examines a key file and its directory. A key that cannot be used is no error. */
  examineKey(keyPath: string): Promise<KeyExamination>;
  /** Examines a home and its seed directory. A home that cannot be used is no error. */
  examineHome(home: string, seedDirectory: string): Promise<HomeExamination>;
  /**
   * Makes the symbolic link `path`, which leads to the files of a package in the store, or replaces
   * an existing link atomically. Makes missing parent directories of `path`. Deno lets no thread with
   * a list of paths make a link.
   *
   * @param target as `Deno.symlink` has it: absolute, or relative to the directory of `path`
   * @throws {LauncherError} `LINK_FAILED`, `LINK_NOT_GRANTED`
   */
  makeLink(target: string, path: string): Promise<void>;
  /**
   * Gives the finished file `staged`, which lies directly in a staging directory of this command,
   * the path `path` beside that directory. The name must be that of an archive, or of the minimal
   * manifest or torrent beside it. Never replaces a file with other bytes without `replace`, which
   * only a command without network may ask for.
   *
   * @throws {LauncherError} `FILE_EXISTS`, `PLACE_FAILED`, `PLACE_NOT_GRANTED`
   */
  placeFile(staged: string, path: string, replace?: boolean): Promise<void>;
  /**
   * Describes a directory that the thread may not open: the home, or a directory above one that the
   * thread may open. Resolves to `undefined` if nothing is there.
   */
  describe: typeof describePath;
  /**
   * Finds the process that listens on a TCP port. Resolves to `undefined` if the process cannot be
   * determined.
   */
  findPortOwner(port: number): Promise<PortOwner | undefined>;
  /**
   * Finds the addresses that the setting `bind` stands for, and whether they can be used now.
   *
   * @param bind the setting of this command line
   */
  findBinding(bind: string): Promise<FoundBinding>;
  /** Returns the addresses of this machine's network interfaces. */
  networkAddresses(): Promise<HostAddress[]>;
  /**
   * Tells the launcher that the command has started all it needs. The launcher then gives up the
   * permissions for other programs and for facts about the machine, except those that it goes on
   * looking up for the engine of a daemon; requests that need them fail from then on.
   */
  settle(): Promise<void>;
  /**
   * Starts the engine's thread. A command thread cannot do this, because a thread cannot grant
   * permissions that it lacks.
   *
   * @param port the thread's end of a channel, by which the engine is called; it is transferred
   */
  startEngine(options: EngineOptions, port: MessagePort): EngineThread;
  /**
   * Has the gate of the running engine serve a port, which is transferred, for the server of the setting
   * `webhook` and no other. Closes the port if there is no engine, or the setting is `none`.
   */
  openWebhook(port: MessagePort): void;
  /**
   * Starts a thread that compresses, hashes or writes files. It may touch the given files and nothing else, and
   * the command itself must have them in its permission lists.
   *
   * @returns `undefined` if as many helpers run as suit the machine
   */
  startHelper(files: HelperFiles): HelperThread | undefined;
}
