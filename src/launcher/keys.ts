/**
 * The publisher's key, which only the launcher opens: it signs statements of a closed set, creates
 * the key file, and examines it for `doctor`. A key stays open after its first use, so that a
 * publication of many packages reads the file once.
 *
 * Left to others: which key file a command may name (the launcher's checks), the format of key files
 * and what may be signed (`src/identity`), and the text of `doctor`.
 *
 * @module
 */

import { dirname } from "node:path";
import {
  certificatePathOf,
  errorToData,
  LibreseedError,
  publisherRecordPathOf,
} from "../base/mod.ts";
import {
  generateKeyPair,
  type KeyPair,
  readCertificate,
  readKeyFile,
  readPublisherRecord,
  type Statement,
  writeKeyFile,
} from "../identity/mod.ts";
import type { KeyExamination, SigningKeyFacts } from "./requests.ts";

/** The key files that this process has opened. */
export class Keys {
  readonly #opened = new Map<string, Promise<KeyPair>>();
  readonly #own: number | null;

  /** @param own user id of this process; `null` on systems without user ids (Windows) */
  constructor(own: number | null = Deno.uid()) {
    this.#own = own;
  }

  /**
   * Returns the public key of a key file, and the certificate and publisher record beside it.
   *
   * @throws {IdentityError} the errors of `readKeyFile`; `CERTIFICATE_INVALID`, `CERTIFICATE_UNREADABLE`
   */
  async signingKey(keyPath: string): Promise<SigningKeyFacts> {
    const { publicKey } = await this.#open(keyPath);
    const certificate = await readCertificate(certificatePathOf(keyPath), publicKey);
    if (!certificate) return { publicKey };
    const publisherRecord = await readPublisherRecord(publisherRecordPathOf(keyPath));
    return { publicKey, certificate, ...(publisherRecord && { publisherRecord }) };
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

  /** Reads a key file anew, and returns what was found. Throws only for an unexpected error. */
  async examine(keyPath: string): Promise<KeyExamination> {
    const directory = dirname(keyPath);
    const owners = await ownersOf([directory, keyPath]);
    try {
      const { publicKey } = await readKeyFile(keyPath, this.#own);
      const { mode: directoryMode } = await Deno.stat(directory);
      const { nlink: names } = await Deno.stat(keyPath);
      return { owners, key: { publicKey, directoryMode: directoryMode ?? 0, names: names ?? 1 } };
    } catch (error) {
      if (!(error instanceof LibreseedError)) throw error;
      const isDenied = error.cause instanceof Deno.errors.PermissionDenied;
      const linkTarget = error.code === "KEY_IS_LINK" ? await Deno.readLink(keyPath) : undefined;
      return { owners, problem: { ...errorToData(error), isDenied, linkTarget } };
    }
  }

  #open(keyPath: string): Promise<KeyPair> {
    const opened = this.#opened.get(keyPath);
    if (opened) return opened;
    const opening = readKeyFile(keyPath, this.#own);
    this.#opened.set(keyPath, opening);
    // A failure is not cached, because the user may repair the file before the next use.
    opening.catch(() => this.#opened.delete(keyPath));
    return opening;
  }
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
