/**
 * Makes an identity: a root key, the signing key that it certifies, and the first publisher record.
 *
 * @module
 */

import { directoryOf, isThere, isWithin } from "../base/mod.ts";
import {
  type Certificate,
  formatCertificateFile,
  generateKeyPair,
  IdentityError,
  type KeyPair,
  type PublicKey,
  readPublicKey,
  recoveryGroups,
  seedOf,
  statementOf,
  toPkcs8Pem,
  writeKeyFile,
} from "../identity/mod.ts";
import { encodeItem } from "../records/mod.ts";
import { KeysError } from "./errors.ts";
import { changedFiles, KeyDirectory, keyPathsOf } from "./key_directory.ts";
import type { IdentityOrder } from "./key_order.ts";
import { passphrasesFor } from "./passphrases.ts";
import { EMPTY_RECORD } from "./publisher_change.ts";
import { signPublisherRecord } from "./publisher_record_file.ts";
import type { KeySurroundings } from "./root_key.ts";
import { type Terminal, terminalNeeded } from "./terminal.ts";

/** A new identity. */
export interface NewIdentity {
  /** Public key of the root, 32 bytes: the identity. */
  identity: PublicKey;
  /** Public key of the signing key, 32 bytes. */
  key: PublicKey;
  /** The signed publisher record, serialised. */
  record: Uint8Array;
}

/** Number of groups of a recovery code that the user has to repeat. */
const ASKED_GROUPS = 2;
/** Number of times that the user may repeat a group. */
const TRIES = 3;

/**
 * Makes an identity in a home. Nothing is written if it fails; a kill leaves no identity or a whole one,
 * and at most the file with the root key.
 *
 * @throws {IdentityError} `KEY_EXISTS`, and the errors of key files; {@linkcode KeysError} `HAS_ROOT`,
 * `FILE_EXISTS`, `TERMINAL_NEEDED`, `UNCONFIRMED`, `KEYS_BUSY`, `KEYS_UNWRITABLE`
 */
export async function createIdentity(
  keyPath: string,
  { root: place, certifyExisting }: IdentityOrder,
  at: KeySurroundings,
): Promise<NewIdentity> {
  const paths = keyPathsOf(keyPath);
  if (!certifyExisting && await isThere(paths.key)) throw keyExists(paths.key);
  if (place.to === "terminal" && !at.terminal.isThere) throw needsPlace();
  if (place.to === "file") await checkNewFile(place.path, paths.directory);
  using directory = await KeyDirectory.open(paths.directory);
  if (!certifyExisting && await isThere(paths.key)) throw keyExists(paths.key);
  for (const path of [paths.certificate, paths.root]) {
    if (await isThere(path)) throw hasRoot(path);
  }
  const passphrases = (path: string) => passphrasesFor(at, path);
  const key = certifyExisting
    ? (await readPublicKey(paths.key, at.own, passphrases)).publicKey
    : undefined;
  const [root, pair] = [generateKeyPair(), key ? undefined : generateKeyPair()];
  const publicKey = key ?? pair!.publicKey;
  if (place.to === "terminal") await showRecoveryCode(root, at.terminal);
  const nowMs = at.now();
  const certificate = await certify(root, { key: publicKey, fromMs: nowMs });
  const item = await signPublisherRecord(
    root,
    { ...EMPTY_RECORD, signingKeys: [{ key: publicKey, fromMs: nowMs }] },
    nowMs,
  );
  const record = encodeItem(item);
  // The root key must be safe before anything depends on it.
  if (place.to === "file") await writeKeyFile(place.path, root);
  try {
    await directory.change(changedFiles({
      ...(pair && { "publisher.key": toPkcs8Pem(pair) }),
      "publisher.cert": formatCertificateFile(certificate),
      "publisher.record": record,
      ...(place.to === "home" && { "root.key": toPkcs8Pem(root) }),
    }));
  } catch (error) {
    if (place.to === "file") await Deno.remove(place.path).catch(() => {});
    throw error;
  }
  return { identity: root.publicKey, key: publicKey, record };
}

/** Has a root key sign a certificate. */
export async function certify(
  root: Pick<KeyPair, "publicKey" | "sign">,
  fields: Omit<Certificate, "root" | "signature">,
): Promise<Certificate> {
  const signature = await root.sign(statementOf(fields));
  return { root: root.publicKey, ...fields, signature };
}

/**
 * Refuses a path for a new secret file at which something is.
 *
 * @param keys the directory of keys in whose home the file must not lie
 */
export async function checkNewFile(path: string, keys?: string): Promise<void> {
  if (keys !== undefined && isWithin(path, directoryOf(keys))) {
    throw new KeysError(
      "usage",
      "BAD_ARGUMENTS",
      `${path} lies in the home, where the root key must not stay. Name a file elsewhere, best on ` +
        "another medium",
      { detail: { path } },
    );
  }
  if (!await isThere(path)) return;
  throw new KeysError(
    "failed",
    "FILE_EXISTS",
    `There is already something at ${path}, and it is never overwritten. Name another file`,
    { detail: { path } },
  );
}

/** Shows the recovery code once, and asks for two of its groups. */
async function showRecoveryCode(root: KeyPair, terminal: Terminal): Promise<void> {
  const groups = recoveryGroups(seedOf(root));
  const half = groups.length / 2;
  const lines = [groups.slice(0, half), groups.slice(half)].map((line) => `  ${line.join(" ")}`);
  terminal.show(
    "This is the recovery code of your root key. It is shown once and stored nowhere. Write it on\n" +
      "paper: without it you cannot replace a stolen signing key, and anyone who has it can.\n\n" +
      `${lines.join("\n")}\n\n`,
  );
  for (const at of chosenGroups(groups.length)) {
    await askForGroup(groups[at]!, at + 1, terminal);
  }
}

async function askForGroup(group: string, number: number, terminal: Terminal): Promise<void> {
  for (let left = TRIES; left > 0; left--) {
    const answer = await terminal.ask(`Group ${number} of the code: `);
    if (answer.trim().toLowerCase() === group) return;
    terminal.show(`That is not group ${number}. Count the groups from left to right.\n`);
  }
  throw new KeysError(
    "failed",
    "UNCONFIRMED",
    "The recovery code was not repeated, so no key was made. Run `libreseed keygen` again",
  );
}

/** Returns two different places at random, in ascending order. */
function chosenGroups(count: number): number[] {
  const chosen = new Set<number>();
  while (chosen.size < ASKED_GROUPS) {
    const [number] = crypto.getRandomValues(new Uint32Array(1));
    chosen.add(number! % count);
  }
  return [...chosen].sort((a, b) => a - b);
}

function needsPlace(): KeysError {
  return terminalNeeded(
    "name a file for the root key with --root-out FILE, or let it stay in the home with --root-in-home. " +
      "--signing-only makes no root key, for a CI whose key another machine certifies. In a terminal, the root key " +
      "is shown as a recovery code",
  );
}

function keyExists(path: string): IdentityError {
  return new IdentityError(
    "failed",
    "KEY_EXISTS",
    `There is already something at ${path}, and a key is never overwritten. Move it away to make a ` +
      "new one, or give it a root key with --certify-existing",
    { detail: { path } },
  );
}

function hasRoot(path: string): KeysError {
  return new KeysError(
    "failed",
    "HAS_ROOT",
    `This home has an identity already: there is something at ${path}. Move the directory keys away to ` +
      "make another one",
    { detail: { path } },
  );
}
