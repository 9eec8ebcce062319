/**
 * Signs a release's `SHA256SUMS`, as `scripts/install.sh` verifies it.
 *
 * @module
 */

import { homePaths, utf8 } from "../src/base/mod.ts";
import { loadSettings } from "../src/config/mod.ts";
import {
  formatPublicKey,
  identityOf,
  type Signer,
  type Statement,
  statementBytes,
  statementOf,
} from "../src/identity/mod.ts";
import { agentKeyIn } from "../src/launcher/command_needs.ts";
import { localRequests, scanCommandLine } from "../src/launcher/mod.ts";

/** The signer of a release. */
export interface ReleaseSigner {
  /** The identity of the publisher: `ed25519:` and base64. */
  publisher: string;
  /** Returns the content of `SHA256SUMS.sig` for that of `SHA256SUMS`. */
  sign(sums: string): Promise<string>;
}

/**
 * Opens the key that `libreseed publish` with these flags signs with.
 *
 * @throws {LibreseedError} if there is no key; `Error` if its certificate is not one for releases
 */
export async function releaseSigner(flags: readonly string[]): Promise<ReleaseSigner> {
  const line = scanCommandLine(["publish", ".", ...flags]);
  if (!line) throw new Error(`libreseed publish does not understand ${flags.join(" ")}`);
  const env = Deno.env.toObject();
  const { values } = await loadSettings({
    flags: line.settings,
    env,
    cwd: Deno.cwd(),
    userHome: env.HOME,
    readFile: (path) => Deno.readTextFile(path).catch(ignoreMissing),
  });
  const keyPath = homePaths(values.home).key;
  const launcher = localRequests({
    own: Deno.uid(),
    agentSocket: env.SSH_AUTH_SOCK,
    agentKey: agentKeyIn(line),
    passphraseFile: env.LIBRESEED_PASSPHRASE_FILE,
  });
  const { publicKey, certificate } = await launcher.signingKey(keyPath);
  if (certificate?.names) {
    throw new Error("the signing key is certified for some names only, and may sign no release");
  }
  const publisher = formatPublicKey(identityOf({ publicKey, certificate }));
  const sign = (statement: Statement) => launcher.sign(keyPath, statement);
  return { publisher, sign: (sums) => signatureFile({ certificate, sign }, sums) };
}

/**
 * Returns the content of `SHA256SUMS.sig`: a line `certificate`, with the signed bytes of the signer's
 * certificate and the root key's signature, if the signer has one, and a line `signature`; all in base64.
 *
 * @param sums content of `SHA256SUMS`
 */
export async function signatureFile(
  signer: Pick<Signer, "certificate" | "sign">,
  sums: string,
): Promise<string> {
  const { certificate } = signer;
  const lines = [];
  if (certificate) {
    const bytes = statementBytes(statementOf(certificate), certificate.root);
    lines.push(`certificate ${bytes.toBase64()} ${certificate.signature.toBase64()}`);
  }
  const signature = await signer.sign({ kind: "release sums", sums: utf8(sums) });
  lines.push(`signature ${signature.toBase64()}`);
  return lines.map((one) => `${one}\n`).join("");
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
