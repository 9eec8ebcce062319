/**
 * Receives archives into the seed directory, and gives them to operations of the host.
 *
 * @module
 */

import type { IncomingMessage } from "node:http";
import { basename, join } from "node:path";
import { HttpApiError } from "../../api/mod.ts";
import { type Clock, fromBase64, utf8 } from "../../base/mod.ts";
import type { Operations } from "../../control/mod.ts";
import { lookUpRecord, minimalOf } from "../../fetching/mod.ts";
import {
  type ArchiveLimits,
  MAX_MINIMAL_MANIFEST_BYTES,
  minimalFileName,
  serializeMinimal,
  signingKeyOf,
  type StartThread,
  verifyArchive,
} from "../../package/mod.ts";
import { addArchive } from "../../publishing/mod.ts";
import { manifestSalt } from "../../records/mod.ts";
import {
  createTemporaryDirectory,
  createTemporaryFile,
  fileError,
  SeedDirectory,
  type Temporary,
  type ValidSeedEntry,
} from "../../store/mod.ts";
import { type BodyLimits, partsOf } from "./body.ts";

/** Options of {@linkcode Archives}. */
export interface ArchivesOptions {
  operations: Operations;
  clock: Clock;
  /** Returns the limits of an archive, which a reload of the settings may change. */
  limits: () => ArchiveLimits;
  bodyLimits: BodyLimits;
  /** Starts a thread that hashes. */
  startThread?: StartThread;
  /** Called with each archive that was verified and is kept: it is the user's own from now on. */
  onKept?: (entry: ValidSeedEntry) => void;
}

/** Name of a received archive in its temporary directory. */
const RECEIVED = "archive.tgz";

/** Receives archives, of which it counts those that are on their way. */
export class Archives {
  readonly #options: ArchivesOptions;
  #running = 0;

  constructor(options: ArchivesOptions) {
    this.#options = options;
  }

  /**
   * Receives an archive, passes it to `use`, and deletes it again, whatever happens.
   *
   * @param use gets the file's name in the seed directory. `temporary`: the name of the received file.
   * `kept`: the name under which the verified archive is kept there
   * @throws {HttpApiError} `API_BUSY`, `API_MEDIA_TYPE`, `API_LENGTH`, `API_LATE`, `API_REQUEST`
   * @throws the errors of the file system, of verification, and of `use`
   */
  async receive<T>(
    request: IncomingMessage,
    kind: "kept" | "temporary",
    signal: AbortSignal,
    use: (fileName: string) => Promise<T>,
  ): Promise<T> {
    refuseOtherType(request);
    const manifest = kind === "kept" ? manifestOf(request) : undefined;
    const { operations, bodyLimits } = this.#options;
    if (this.#running >= bodyLimits.archives) {
      throw new HttpApiError("API_BUSY", `${this.#running} archives are being received already`, {
        "retry-after": "10",
      });
    }
    this.#running++;
    try {
      const { seedDirectory } = await operations.status();
      if (kind === "temporary") {
        const file = await createTemporaryFile(seedDirectory, 0o644);
        return await removing(file, async () => {
          await this.#write(request, file);
          signal.throwIfAborted();
          return await use(basename(file.path));
        });
      }
      const directory = await createTemporaryDirectory(seedDirectory);
      return await removing(directory, async () => {
        const path = join(directory.path, RECEIVED);
        const file = await Deno.open(path, { write: true, createNew: true, mode: 0o644 });
        try {
          await this.#write(request, { file, path });
        } finally {
          file.close();
        }
        signal.throwIfAborted();
        if (manifest) await Deno.writeFile(minimalFileName(path), manifest);
        return await use(await this.#keep(path, seedDirectory, signal));
      });
    } finally {
      this.#running--;
    }
  }

  async #write(
    request: IncomingMessage,
    { file, path }: { file: Deno.FsFile; path: string },
  ): Promise<void> {
    const { clock, limits, bodyLimits: { silenceMs } } = this.#options;
    try {
      const parts = partsOf(request, clock, limits().maxArchiveBytes, () => silenceMs);
      for await (const part of parts) {
        for (let at = 0; at < part.length;) at += await file.write(part.subarray(at));
      }
    } catch (cause) {
      throw cause instanceof HttpApiError ? cause : fileError(cause, "write", path);
    }
  }

  /** Verifies an archive and copies it into the seed directory. Returns its name there. */
  async #keep(path: string, seedDirectory: string, signal: AbortSignal): Promise<string> {
    const { operations, clock, limits, startThread, onKept } = this.#options;
    const beside = minimalFileName(path);
    if (!await Deno.stat(beside).catch(() => undefined)) {
      await Deno.writeFile(beside, await this.#find(path, signal));
    }
    const seeds = new SeedDirectory(seedDirectory, clock);
    const kept = { limits: limits(), startThread, signal, onVerified: onKept };
    const context = { operations, seeds, ...kept };
    return (await addArchive(context, path)).fileName;
  }

  /** Finds the minimal manifest of an archive in the DHT. */
  async #find(archivePath: string, signal: AbortSignal): Promise<Uint8Array> {
    const { operations, limits } = this.#options;
    const { full } = await verifyArchive({ archivePath, limits: limits(), signal });
    const { name, version, pubkey } = full;
    const salt = manifestSalt(name, version);
    const found = await lookUpRecord(operations, { publicKey: signingKeyOf(full), salt }, signal);
    if (found.kind === "found") {
      const minimal = minimalOf(found.item, full);
      if (minimal.pubkey === pubkey) return utf8(serializeMinimal(minimal));
    }
    throw new HttpApiError(
      "API_REQUEST",
      `The DHT has no record of ${name}@${version} of ${pubkey}, so the archive cannot be verified. ` +
        "Send the minimal manifest with it, as Libreseed-Manifest: BASE64",
    );
  }
}

/** Does something with a temporary file or directory, and removes it. */
async function removing<T>(temporary: Temporary, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await Deno.remove(temporary.path, { recursive: true }).catch(() => {});
    temporary[Symbol.dispose]();
  }
}

const types = new Set([
  ...["application/gzip", "application/x-gzip", "application/octet-stream"],
  ...["application/x-compressed-tar", "application/x-tgz", "application/x-gtar-compressed"],
]);

function refuseOtherType({ headers }: IncomingMessage): void {
  const type = headers["content-type"]?.replace(/;.*/s, "").trim().toLowerCase();
  if (type === undefined || types.has(type)) return;
  throw new HttpApiError(
    "API_MEDIA_TYPE",
    "The body must be an archive, with Content-Type: application/gzip",
  );
}

/** Reads the minimal manifest in the header; `undefined` without one. It is verified later. */
function manifestOf({ headers }: IncomingMessage): Uint8Array | undefined {
  const text = headers["libreseed-manifest"];
  if (text === undefined) return undefined;
  const bytes = typeof text === "string" ? fromBase64(text) : undefined;
  if (bytes && bytes.length <= MAX_MINIMAL_MANIFEST_BYTES) return bytes;
  throw new HttpApiError(
    "API_REQUEST",
    "The header Libreseed-Manifest is not the base64 of a minimal manifest",
  );
}
