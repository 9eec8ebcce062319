/**
 * The publisher's keys, which only the launcher opens: signs statements of a closed set, creates and
 * changes keys, and examines the key file for `doctor`. A key stays open after its first use, so that
 * a publication of many packages reads the file once.
 *
 * Left to others: which key file and which change a command may name (the launcher's checks), the
 * format of key files and what may be signed (`src/identity`), changes of keys (`src/keys`), and the
 * text of `doctor`.
 *
 * @module
 */

import { dirname } from "node:path";
import {
  certificatePathOf,
  errorToData,
  isThere,
  LibreseedError,
  publisherRecordPathOf,
} from "../base/mod.ts";
import {
  type Certificate,
  generateKeyPair,
  type PublicKey,
  readCertificate,
  readKeyFile,
  readPublicKey,
  readPublisherRecord,
  type Signer,
  type Statement,
  writeKeyFile,
} from "../identity/mod.ts";
import {
  agentKey,
  type Backup,
  certificateOf,
  changeKeys,
  createIdentity,
  type IdentityOrder,
  type KeyChange,
  type KeyFacts,
  keyFacts,
  type KeyFileOrder,
  type KeyOrder,
  keyPathsOf,
  type KeySurroundings,
  type KnownElsewhere,
  moveRoot,
  type NewIdentity,
  openRoot,
  ownRevocation,
  passphrasesFor,
  readBackup,
  restoreKeys,
  setPassphrase,
  settleKeys,
  writeBackup,
} from "../keys/mod.ts";
import type { KeyExamination, SigningKeyFacts } from "./requests.ts";

/** The keys that this process has opened. */
export class Keys {
  readonly #opened = new Map<string, Promise<Signer>>();
  readonly #at: KeySurroundings;
  readonly #agentKey: string | undefined;
  /** The backup that this command line restores, once it is decrypted. */
  #backup: Backup | undefined;
  /** The root key of this command line, once it is opened: its recovery code is asked for once. */
  #root: Promise<Signer> | undefined;

  /**
   * @param agentKey the key in the SSH agent that signs in place of the home's key file: `SHA256:…` or
   * `ed25519:…`
   */
  constructor(at: KeySurroundings, agentKey?: string) {
    this.#at = at;
    this.#agentKey = agentKey;
  }

  /**
   * Returns the public key of a key file, and the certificate and publisher record beside it.
   *
   * @param opens whether to open the key at once, so that a passphrase is asked for before the command
   * shows its progress
   *
   * @throws {IdentityError} the errors of `readKeyFile`; `CERTIFICATE_INVALID`, `CERTIFICATE_UNREADABLE`
   */
  async signingKey(keyPath: string, opens = false): Promise<SigningKeyFacts> {
    await settleKeys(dirname(keyPath));
    if (opens) await this.#open(keyPath);
    try {
      return await this.#factsOf(keyPath);
    } catch (error) {
      if (!(error instanceof LibreseedError) || error.code !== "CERTIFICATE_INVALID") throw error;
      // Another process may have replaced both files between the two reads.
      await settleKeys(dirname(keyPath));
      this.#opened.delete(keyPath);
      return await this.#factsOf(keyPath);
    }
  }

  /**
   * Signs a statement with the key of a key file. Returns the signature, 64 bytes.
   *
   * @throws {IdentityError} `STATEMENT_INVALID`, and the errors of `readKeyFile`
   */
  async sign(keyPath: string, statement: Statement): Promise<Uint8Array> {
    return await (await this.#open(keyPath)).sign(statement);
  }

  /**
   * Creates a key pair and writes its key file, with the directories that are missing. Returns the
   * public key, 32 bytes.
   *
   * @throws {IdentityError} the errors of `writeKeyFile`
   */
  async create(keyPath: string): Promise<Uint8Array> {
    const pair = generateKeyPair();
    await writeKeyFile(keyPath, pair);
    this.#opened.set(keyPath, Promise.resolve(pair));
    return pair.publicKey;
  }

  /**
   * Makes an identity: a root key, and a signing key that it certifies.
   *
   * @throws {KeysError} see `createIdentity` of `src/keys`
   */
  async createIdentity(keyPath: string, order: IdentityOrder): Promise<NewIdentity> {
    return await createIdentity(keyPath, order, this.#at);
  }

  /**
   * Opens the root key that an order names. Returns its public key, 32 bytes.
   *
   * @throws {KeysError} see `openRoot` of `src/keys`
   */
  async rootKey(keyPath: string, { root }: KeyOrder): Promise<PublicKey> {
    this.#root ??= openRoot(root, keyPathsOf(keyPath).root, this.#at);
    return (await this.#root).publicKey;
  }

  /**
   * Certifies, replaces or revokes a key.
   *
   * @throws {KeysError} see `openRoot` and `changeKeys` of `src/keys`
   */
  async change(keyPath: string, order: KeyOrder, known: KnownElsewhere): Promise<KeyChange> {
    await this.rootKey(keyPath, order);
    // The next statements of the command need no passphrase again.
    return await changeKeys(
      keyPath,
      order,
      known,
      await this.#root!,
      this.#at,
      (pair) => this.#opened.set(keyPath, Promise.resolve(pair)),
    );
  }

  /**
   * Encrypts or decrypts the home's private keys, moves its root key, or writes a backup. Returns the
   * paths of the files that were written.
   *
   * @param state for a backup: what the home has besides its keys
   * @throws {KeysError} see `setPassphrase`, `moveRoot` and `writeBackup` of `src/keys`
   */
  async changeFiles(keyPath: string, order: KeyFileOrder, state?: Uint8Array): Promise<string[]> {
    this.#opened.delete(keyPath);
    switch (order.do) {
      case "encrypt":
      case "decrypt":
        return await setPassphrase(keyPath, order.do, this.#at);
      case "move root":
        return await moveRoot(keyPath, order.path, this.#at);
      case "backup":
        return await writeBackup(keyPath, order.path, state ?? new Uint8Array(), this.#at);
      case "restore":
        throw new TypeError("a backup is opened first, and restored by `restore`");
    }
  }

  /**
   * Decrypts a backup for a home without keys. Returns the state that it has besides keys.
   *
   * @throws {KeysError} see `readBackup` of `src/keys`
   */
  async openBackup(keyPath: string, order: KeyFileOrder): Promise<Uint8Array> {
    if (order.do !== "restore") throw new TypeError("only a backup to restore is opened");
    this.#backup = await readBackup(keyPath, order.path, this.#at);
    return this.#backup.state;
  }

  /**
   * Writes the keys of the opened backup. Returns their paths.
   *
   * @throws {KeysError} see `restoreKeys` of `src/keys`
   */
  async restore(keyPath: string): Promise<string[]> {
    if (!this.#backup) throw new TypeError("no backup is open");
    return await restoreKeys(keyPath, this.#backup);
  }

  /** Returns what the home has of its publisher's keys. */
  async facts(keyPath: string): Promise<KeyFacts> {
    return await keyFacts(keyPath, this.#at);
  }

  /** Reads a key file anew, and returns what was found. Throws only for an unexpected error. */
  async examine(keyPath: string): Promise<KeyExamination> {
    const directory = dirname(keyPath);
    const owners = await ownersOf([directory, keyPath]);
    try {
      const { publicKey } = await readPublicKey(keyPath, this.#at.own);
      const certificate = await readCertificate(certificatePathOf(keyPath), publicKey);
      const identity = certificate?.root ?? publicKey;
      const revoked = certificate && await ownRevocation(keyPath, certificate);
      const { mode: directoryMode } = await Deno.stat(directory);
      const { nlink: names } = await Deno.stat(keyPath);
      const key = {
        publicKey,
        identity,
        ...(certificate && { fromMs: certificate.fromMs }),
        ...(certificate?.untilMs !== undefined && { untilMs: certificate.untilMs }),
        ...(revoked && { revoked: { sinceMs: revoked.sinceMs, reason: revoked.reason } }),
        directoryMode: directoryMode ?? 0,
        names: names ?? 1,
      };
      return { owners, key, ...await rootIn(keyPath) };
    } catch (error) {
      if (!(error instanceof LibreseedError)) throw error;
      const isDenied = error.cause instanceof Deno.errors.PermissionDenied;
      const linkTarget = error.code === "KEY_IS_LINK" ? await Deno.readLink(keyPath) : undefined;
      return { owners, problem: { ...errorToData(error), isDenied, linkTarget } };
    }
  }

  async #factsOf(keyPath: string): Promise<SigningKeyFacts> {
    if (this.#agentKey !== undefined) {
      const { publicKey } = await this.#open(keyPath);
      return await factsWith(keyPath, publicKey, await certificateOf(keyPath, publicKey));
    }
    const opened = await this.#opened.get(keyPath);
    const { publicKey } = opened ?? await this.#readPublic(keyPath);
    const certificate = await readCertificate(certificatePathOf(keyPath), publicKey);
    return await factsWith(keyPath, publicKey, certificate);
  }

  /** Reads a public key anew. A key file that is encrypted and names it needs no passphrase. */
  async #readPublic(keyPath: string): Promise<{ publicKey: PublicKey }> {
    const passphrases = (path: string) => passphrasesFor(this.#at, path);
    const { publicKey, pair } = await readPublicKey(keyPath, this.#at.own, passphrases);
    if (pair) this.#opened.set(keyPath, Promise.resolve(pair));
    return { publicKey };
  }

  #open(keyPath: string): Promise<Signer> {
    const opened = this.#opened.get(keyPath);
    if (opened) return opened;
    const opening = this.#agentKey !== undefined
      ? agentKey(this.#at.agentSocket, this.#agentKey)
      : readKeyFile(keyPath, this.#at.own, (path) => passphrasesFor(this.#at, path));
    this.#opened.set(keyPath, opening);
    // A failure is not cached, because the user may repair the file before the next use.
    opening.catch(() => this.#opened.delete(keyPath));
    return opening;
  }
}

/** Returns the path of the root key, if it lies in the home. */
async function rootIn(keyPath: string): Promise<{ rootPath?: string }> {
  const { root } = keyPathsOf(keyPath);
  return await isThere(root) ? { rootPath: root } : {};
}

async function factsWith(
  keyPath: string,
  publicKey: PublicKey,
  certificate: Certificate | undefined,
): Promise<SigningKeyFacts> {
  if (!certificate) return { publicKey };
  const publisherRecord = await readPublisherRecord(publisherRecordPathOf(keyPath));
  return {
    publicKey,
    certificate,
    ...(publisherRecord && { publisherRecord }),
    ...await rootIn(keyPath),
  };
}

/**
 * Returns the owners of paths. A symbolic link and its target are two entries, and a path that does
 * not exist has none.
 */
async function ownersOf(paths: readonly string[]): Promise<KeyExamination["owners"]> {
  const owners: KeyExamination["owners"] = [];
  for (const path of paths) {
    for (const look of [Deno.lstat, Deno.stat]) {
      const info = await look(path).catch(() => undefined);
      if (info) owners.push({ path, uid: info.uid });
    }
  }
  return owners;
}
