/**
 * `libreseed verify FILE.tgz…`: runs the whole verification chain on archives, without the network.
 *
 * @module
 */

import { errorToData } from "../../base/mod.ts";
import type { MinimalManifest, VerifiedArchive } from "../../package/mod.ts";
import { type CommandRun, defineCommand, textArgument, textFlag } from "../flags/command.ts";
import { archiveSettings } from "../flags/common_flags.ts";
import type { Trust } from "../../trust/mod.ts";
import { knownKeysIfAny } from "../running/known_keys.ts";
import { combineExitCodes, exitCodeOfError, exitCodes } from "../process/exit_codes.ts";

type Flags = { key?: string };

export default defineCommand<Flags, string[]>({
  description:
    "Reads the minimal manifest beside each archive (NAME-VERSION.minimal.json) and checks every " +
    "signature, hash and limit. Without that file only the archive's inner half can be checked, and " +
    "the verdict says so. An archive whose key its publisher has revoked fails, if this home knows of it " +
    "and the publisher does not list the archive as good. Nothing is unpacked. Exit code 0 if all are valid, 4 if none is, 7 if some " +
    "are.",
  examples: [
    "libreseed verify *.tgz",
    "libreseed verify --key ed25519:BASE64 my-tool-1.0.0.tgz",
  ],
  settings: ["home", ...archiveSettings],
  home: "unused",
  parameters: {
    flags: { key: textFlag("KEY", "Publisher that must have signed, ed25519:BASE64 or hex") },
    positional: {
      kind: "array",
      parameter: textArgument("FILE.tgz", "Archive to verify"),
      minimum: 1,
    },
  },
  async run(given) {
    const { flags, args: files, output, io, settings } = given;
    const { signal } = io;
    const { values } = await settings();
    const { parsePublicKey } = await import("../../identity/mod.ts");
    const publicKey = flags.key === undefined ? undefined : parsePublicKey(flags.key);
    const { archiveLimitsOf, claimedUnpackedBytes, verifyArchive } = await import(
      "../../package/mod.ts"
    );
    const limits = archiveLimitsOf(values);
    const trust = await knownKeysIfAny(given);
    const codes: number[] = [];
    for (const file of files) {
      signal.throwIfAborted();
      try {
        const minimal = await readMinimalBeside(file, given);
        const verified = await verifyArchive({
          archivePath: file,
          minimal,
          publicKey,
          limits,
          signal,
          onStep: (step) => output.detail(`${file}: ${step}`),
        });
        if (trust) await checkKey(trust, file, minimal ?? verified.full, minimal?.archiveSha256);
        printVerified(file, verified, claimedUnpackedBytes(verified.full), given);
        codes.push(exitCodes.done);
      } catch (error) {
        signal.throwIfAborted();
        const { explainForeign } = await import("../../package/mod.ts");
        const shown = await explainForeign(file, error);
        printFailed(file, shown, given);
        codes.push(exitCodeOfError(shown));
      }
    }
    return combineExitCodes(codes);
  },
});

/**
 * Throws if the key of an archive is revoked, unless the archive is among those that stay good.
 *
 * @param archiveSha256 hash in the minimal manifest; if absent, the archive is hashed if need be
 */
async function checkKey(
  trust: Trust,
  file: string,
  signed: MinimalManifest | VerifiedArchive["full"],
  archiveSha256: string | undefined,
): Promise<void> {
  if (archiveSha256 === undefined && trust.revocationOf(signed) !== undefined) {
    const { hashOf } = await import("../../store/mod.ts");
    return trust.check(signed, await hashOf(file));
  }
  trust.check(signed, archiveSha256 ?? "");
}

/**
 * Reads the minimal manifest in the file beside an archive; `undefined` if that file does not
 * exist.
 */
async function readMinimalBeside(
  file: string,
  { io }: CommandRun<Flags, string[]>,
): Promise<MinimalManifest | undefined> {
  const { MAX_MINIMAL_MANIFEST_BYTES, minimalFileName, parseMinimal } = await import(
    "../../package/mod.ts"
  );
  const bytes = await io.readFile(minimalFileName(file), MAX_MINIMAL_MANIFEST_BYTES);
  return bytes && parseMinimal(bytes);
}

function printVerified(
  file: string,
  { full, inner, filesBytes }: VerifiedArchive,
  claimedBytes: number | undefined,
  { output }: CommandRun<Flags, string[]>,
): void {
  const { name, version, pubkey } = full;
  const isWrong = claimedBytes !== undefined && claimedBytes !== filesBytes;
  if (isWrong) {
    output.warning(
      `${file}: the publisher claims that the files have ${claimedBytes} bytes together, but they have ` +
        `${filesBytes}. Nothing else depends on this number`,
    );
  }
  const verdict = inner ? "ok (inner half only, no minimal manifest)" : "ok";
  output.result(
    {
      file,
      ok: true,
      name,
      version,
      publicKey: pubkey,
      complete: !inner,
      unpackedBytes: filesBytes,
      ...(isWrong && { claimedUnpackedBytes: claimedBytes }),
    },
    `${file}: ${verdict} ${name}@${version} ${pubkey}`,
  );
}

function printFailed(file: string, error: unknown, { output }: CommandRun<Flags, string[]>): void {
  const { code, message, detail } = errorToData(error);
  // An error that names no verification step happened while the archive was read, before the first
  // step.
  const step = typeof detail.step === "string"
    ? detail.step
    : code === "KEY_REVOKED" || code === "CERTIFICATE_NOT_YET"
    ? "key"
    : "reading";
  output.result({ file, ok: false, step, code, message }, `${file}: failed at ${step}: ${message}`);
}
