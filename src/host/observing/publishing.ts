/**
 * The operation `publish`: publishes an uploaded archive of this home's own publisher. The launcher signs
 * its records, and does so for a daemon only with the setting `http-publish`.
 *
 * @module
 */

import { rename, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { fromHex, homePaths, LibreseedError, publisherKeyPath } from "../../base/mod.ts";
import type { Settings } from "../../config/mod.ts";
import type { CallOptions, PublishedJson, RequestOf } from "../../control/mod.ts";
import { rememberVerified } from "../../fetching/mod.ts";
import { parsePublicKey, type Signer } from "../../identity/mod.ts";
import { archiveLimitsOf } from "../../package/mod.ts";
import { rememberPublisher } from "../../names/mod.ts";
import { checkTag, ListedPackages, publish } from "../../publishing/mod.ts";
import { createTemporaryDirectory } from "../../store/mod.ts";
import { HostError } from "../errors.ts";
import type { ObservedHost } from "./parts.ts";

/** Names that an uploaded file may have: no other file may be published, since the file is deleted. */
const UPLOAD = /^\.tmp-[\w.-]{1,200}$/;

/** Whether the launcher of this daemon may sign. */
function mayPublish(daemon: boolean, { http, httpPublish }: Settings): boolean {
  return daemon && httpPublish && http !== undefined;
}

/**
 * Opens the key when the daemon starts, so that its passphrase is asked for then and not in the middle of an
 * upload. Warns if nothing can be published.
 */
export async function openKey({ launcher, settings, onWarning }: ObservedHost): Promise<void> {
  await launcher.signingKey(publisherKeyPath(settings().home), true).catch((error: Error) =>
    onWarning(`http-publish: nothing can be published now: ${error.message}`)
  );
}

/**
 * Publishes an archive, and deletes the uploaded file whether or not that succeeds.
 *
 * @throws {HostError} `PUBLISH_OFF`, `NOT_AN_UPLOAD` (kind `usage`), `NOT_THE_PUBLISHER` (kind `failed`)
 * @throws {LibreseedError} the errors of `publish` of `src/publishing`, and those of the key
 */
export async function publishUpload(
  host: ObservedHost,
  { fileName, tag }: RequestOf<"publish">,
  { signal }: CallOptions,
): Promise<PublishedJson> {
  if (!UPLOAD.test(fileName)) {
    throw new HostError(
      "usage",
      "NOT_AN_UPLOAD",
      `${JSON.stringify(fileName)} is no uploaded file: its name has to begin with .tmp-`,
    );
  }
  const upload = join(host.seeds.path, fileName);
  try {
    if (!mayPublish(host.daemon, host.settings())) throw publishOff();
    if (tag !== undefined) checkTag(tag);
    const temporary = await createTemporaryDirectory(host.seeds.path);
    const path = join(temporary.path, "upload.tgz");
    try {
      await rename(upload, path).catch((error) => {
        throw error.code === "ENOENT" ? notThere(fileName) : error;
      });
      return await publishArchive(host, path, tag, signal);
    } catch (error) {
      throw aboutUpload(error, path);
    } finally {
      await rm(temporary.path, { recursive: true, force: true });
      temporary[Symbol.dispose]();
    }
  } finally {
    await unlink(upload).catch(() => {});
  }
}

async function publishArchive(
  host: ObservedHost,
  path: string,
  tag: string | undefined,
  signal: AbortSignal | undefined,
): Promise<PublishedJson> {
  const { operations, seeds, clock, trust, state, launcher, settings } = host;
  const { home } = settings();
  const warnings: string[] = [];
  const onWarning = (message: string) => void warnings.push(message);
  let keys: Promise<Signer> | undefined;
  const result = await publish({
    ...{ operations, seeds, clock, trust, signal, onWarning },
    limits: archiveLimitsOf(settings()),
    startThread: launcher.startHelper,
    onVerified: (entry) => {
      rememberVerified(state, entry);
      // A mirror may have fetched it before, from another machine of the same publisher.
      state.mirrored.claim(fromHex(entry.minimal.btih)!);
    },
    listed: new ListedPackages(() => state, homePaths(home).listLock, clock),
  }, { path, signer: () => keys ??= signerOf(launcher, home), tag });
  const { minimal, magnet, outcome } = result;
  // Pin this home's own key, so that the name resolves to its own publisher here.
  const finding = { clock, timeoutMs: settings().timeoutMs };
  rememberPublisher({ state, finding }, minimal, parsePublicKey(minimal.pubkey), "exact");
  return {
    ...{ name: minimal.name, version: minimal.version, publisher: minimal.pubkey, magnet },
    ...{ infoHash: minimal.btih, sha256: minimal.archiveSha256.slice("sha256:".length) },
    ...{ holding: outcome.holding, weak: outcome.weak, warnings },
  };
}

async function signerOf(launcher: ObservedHost["launcher"], home: string): Promise<Signer> {
  const path = publisherKeyPath(home);
  const { publicKey, certificate, publisherRecord } = await launcher.signingKey(path, true);
  return {
    publicKey,
    ...(certificate && { certificate }),
    ...(publisherRecord && { publisherRecord }),
    sign: (statement) => launcher.sign(path, statement),
  };
}

function publishOff(): HostError {
  return new HostError(
    "usage",
    "PUBLISH_OFF",
    "This daemon does not sign: start it with --http ADDR:PORT and --http-publish, or publish with " +
      "`libreseed publish`",
  );
}

function notThere(fileName: string): HostError {
  return new HostError("not-found", "NOT_AN_UPLOAD", `There is no uploaded file ${fileName}`);
}

/** Returns the error in the words of somebody who has uploaded the archive, and knows no path of it. */
function aboutUpload(error: unknown, path: string): unknown {
  if (!(error instanceof LibreseedError)) return error;
  const { kind, code, message, detail } = error;
  if (code === "NOT_THE_PUBLISHER") {
    const [, publisher = "another publisher"] = / is by (\S+),/.exec(message) ?? [];
    return new HostError(
      kind,
      code,
      `The archive is by ${publisher}, not by this home's publisher. \`POST /v1/archives\` or ` +
        "`libreseed add` seeds it without publishing it",
      { detail, cause: error },
    );
  }
  if (!message.includes(path)) return error;
  return new HostError(kind, code, message.replaceAll(path, "the archive"), {
    detail,
    cause: error,
  });
}
