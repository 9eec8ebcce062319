/**
 * The key that signs packages, for programs. In the program itself, only the launcher opens keys; a
 * program that uses the library has one thread, and opens the key there.
 *
 * @module
 */

import { resolve } from "node:path";
import { certificatePathOf } from "../base/mod.ts";
import {
  formatPublicKey,
  generateKeyPair,
  identityOf,
  type KeyPair,
  readCertificate,
  readKeyFile,
  type Signer,
  writeKeyFile,
} from "../identity/mod.ts";

/** Options of {@linkcode SigningKey.open}. */
export interface OpenKeyOptions {
  /** Passphrase of the key file, if the file is encrypted. */
  passphrase?: string;
}

let signerOf: (key: SigningKey) => Signer;

/**
 * An Ed25519 key that signs packages and records. The private key can be neither read from the object
 * nor printed.
 */
export class SigningKey {
  readonly #pair: KeyPair;
  readonly #signer: Signer;
  /** The identity for which the key signs: `ed25519:` and 44 characters of base64. */
  readonly publisher: string;
  /** The public key of the signing key itself, in the same form. Records lie under it. */
  readonly publicKey: string;

  static {
    signerOf = (key) => key.#signer;
  }

  private constructor(pair: KeyPair, signer: Signer) {
    this.#pair = pair;
    this.#signer = signer;
    this.publisher = formatPublicKey(identityOf(signer));
    this.publicKey = formatPublicKey(pair.publicKey);
  }

  /**
   * Opens a key file, such as `keys/publisher.key` in a home. If `publisher.cert` lies beside the file,
   * the key signs for the identity that has certified it.
   *
   * @param path path of a file in PEM (PKCS #8) that only its owner may read
   * @throws {LibreseedError} `KEY_NOT_FOUND`, `KEY_UNREADABLE`, `KEY_INVALID`, `KEY_IS_LINK`,
   * `KEY_NOT_REGULAR_FILE`, `KEY_NOT_OURS`, `KEY_READABLE_BY_OTHERS`, `PASSPHRASE_NEEDED`,
   * `PASSPHRASE_WRONG`, `CERTIFICATE_INVALID`, `CERTIFICATE_UNREADABLE`
   */
  static async open(path: string, options: OpenKeyOptions = {}): Promise<SigningKey> {
    const { passphrase } = options;
    const pair = passphrase === undefined
      ? await readKeyFile(path)
      : await readKeyFile(path, undefined, async function* () {
        yield passphrase;
      });
    const certificate = await readCertificate(certificatePathOf(resolve(path)), pair.publicKey);
    if (!certificate) return new SigningKey(pair, pair);
    const { publicKey } = pair;
    const sign = (statement: Parameters<Signer["sign"]>[0]) => pair.sign(statement);
    return new SigningKey(pair, { publicKey, certificate, sign });
  }

  /**
   * Makes a new key, which is its own identity: nothing can replace the key if it is stolen. For a
   * publisher that people rely on, `libreseed keygen` makes a root key and a signing key.
   */
  static generate(): SigningKey {
    const pair = generateKeyPair();
    return new SigningKey(pair, pair);
  }

  /**
   * Writes the private key to a new file with mode 0600, and creates missing directories.
   *
   * @param path path of a file that does not exist
   * @throws {LibreseedError} `KEY_EXISTS` or `KEY_UNWRITABLE`
   */
  async save(path: string): Promise<void> {
    await writeKeyFile(path, this.#pair);
  }
}

/**
 * Returns the signer of a key.
 *
 * @internal
 */
export function signerOfKey(key: SigningKey): Signer {
  return signerOf(key);
}
