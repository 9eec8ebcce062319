/**
 * Refuses a package that contains private keys or credentials. A published version never changes,
 * so a secret in it cannot be removed later. `src/secrets` recognizes the secrets.
 *
 * @module
 */

import type { FileScan, ScanBudget, SecretDetector, SmallFileBatch } from "../../secrets/mod.ts";
import type { TarEntry } from "../archive/mod.ts";
import { PackageError, quote } from "../errors.ts";
import { comparePaths } from "../paths/mod.ts";
import type { ScannedFile } from "../selection/mod.ts";
import { readSource } from "./source_file.ts";

export type { SecretDetector };

/** Creates a detector of secrets, which several checks may share. */
export async function createSecretDetector(): Promise<SecretDetector> {
  const { SecretDetector } = await loadRules();
  return new SecretDetector();
}

/** Loads the rules. Most commands need none, and they take some milliseconds to load. */
function loadRules() {
  return import("../../secrets/mod.ts");
}

/** A file in which a secret was found. */
export interface SecretFile {
  /** Path of the file in the package. */
  path: string;
  /** Kind of secret, for people, such as "private key". */
  kind: string;
}

/** Paths in the package that are allowed to hold secrets, or `all` for every path. */
export type AllowedSecrets = readonly string[] | "all";

/** Maximum number of paths named in the error message; the error's `detail` lists all of them. */
const MAX_NAMED = 20;
/** Length in bytes of the buffer for files that are read only to search for secrets. */
const READ_BYTES = 256 * 1024;

/** Searches the files of one package for secrets, while the files are read for another purpose. */
export class SecretCheck {
  readonly #found: SecretFile[] = [];
  readonly #detector: SecretDetector;
  readonly #small: SmallFileBatch;
  /** Budget for scanning, shared by all files of the package. */
  readonly #budget: ScanBudget;
  readonly #allows: (path: string) => boolean;

  /**
   * Begins the check of a package.
   *
   * @param allowed paths in the package that are allowed to hold secrets
   * @param detector a detector to reuse: creating one takes longer than scanning a small package
   */
  static async create(
    allowed: AllowedSecrets = [],
    detector?: SecretDetector,
  ): Promise<SecretCheck> {
    return new SecretCheck(allowed, await loadRules(), detector);
  }

  private constructor(
    allowed: AllowedSecrets,
    rules: Awaited<ReturnType<typeof loadRules>>,
    detector = new rules.SecretDetector(),
  ) {
    this.#detector = detector;
    this.#budget = new rules.ScanBudget();
    const onFound = (path: string, kind: string) => this.#found.push({ path, kind });
    this.#small = new rules.SmallFileBatch(detector, onFound, this.#budget);
    const paths = new Set(allowed === "all" ? [] : allowed.map(normalize));
    // The test for an empty set comes first: for most files, hashing the path to look it up in the
    // set takes longer than scanning the file.
    this.#allows = allowed === "all" ? () => true : (path) => paths.size > 0 && paths.has(path);
  }

  /**
   * The files read completely so far in which a secret was found, except files at allowed paths.
   */
  get found(): SecretFile[] {
    this.#small.finish();
    return this.#found.sort((a, b) => comparePaths(a.path, b.path));
  }

  /** Begins the scan of a file. The caller adds the file's bytes and then ends the scan. */
  begin(path: string, sizeBytes: number): FileCheck {
    if (this.#allows(path)) return { add() {}, end() {} };
    let scan: FileScan | undefined;
    return {
      add: (chunk) => {
        if (!scan && chunk.length === sizeBytes && this.#small.take(path, chunk)) return;
        scan ??= this.#detector.file(path, sizeBytes, this.#budget);
        scan.add(chunk);
      },
      end: () => {
        const kind = scan?.end();
        if (kind !== undefined) this.#found.push({ path, kind });
      },
    };
  }

  /**
   * Yields the given tar entries unchanged, and scans their contents for secrets while they are
   * read.
   */
  async *watch(entries: AsyncGenerator<TarEntry, number>): AsyncGenerator<TarEntry, number> {
    try {
      for (;;) {
        const next = await entries.next();
        if (next.done) return next.value;
        yield this.#watched(next.value);
      }
    } finally {
      await entries.return(0);
    }
  }

  /** Reads files only to search them for secrets. Throws the errors of `readSource`. */
  async look(files: Iterable<ScannedFile>, signal?: AbortSignal): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    for (const file of files) {
      const check = this.begin(file.path, file.info.size);
      for await (const chunk of readSource(file, () => buffer, signal)) check.add(chunk);
      check.end();
    }
  }

  /**
   * Throws if secrets were found.
   *
   * @param where the package, as named in the message
   * @param toAllow instructions for allowing a path, as shown in the message
   * @throws {PackageError} `SECRET_FOUND` if a secret was found; `detail.secrets` lists all of them
   */
  refuse(where: string, toAllow = "`--allow-secret PATH` lets one in"): void {
    const secrets = this.found;
    if (secrets.length === 0) return;
    const named = secrets.slice(0, MAX_NAMED).map(({ path, kind }) => `${quote(path)} (${kind})`);
    const others = secrets.length - named.length;
    if (others > 0) named.push(`${others} more`);
    throw new PackageError(
      "failed",
      "SECRET_FOUND",
      `${where} has secrets in it, which cannot be taken back once published: ${
        named.join(", ")
      }. ` +
        `Leave them out; ${toAllow}.`,
      { detail: { secrets } },
    );
  }

  #watched(entry: TarEntry): TarEntry {
    const check = this.begin(entry.path, entry.sizeBytes);
    if (entry.whole) {
      check.add(entry.whole);
      check.end();
      return entry;
    }
    async function* contents() {
      for await (const chunk of entry.contents()) {
        check.add(chunk);
        yield chunk;
      }
      check.end();
    }
    return { ...entry, contents };
  }
}

/**
 * Returns the paths that are allowed to hold secrets although the package has no file at these
 * paths. In the form in which the user wrote the paths.
 */
export function unmatchedPaths(allowed: AllowedSecrets = [], paths: Iterable<string>): string[] {
  if (allowed === "all" || allowed.length === 0) return [];
  const there = new Set(paths);
  return allowed.filter((path) => !there.has(normalize(path)));
}

/** The scan of one file for secrets while the file is read. */
export interface FileCheck {
  add(chunk: Uint8Array): void;
  end(): void;
}

/** Converts a path from the form that users write to its form in an archive. */
function normalize(path: string): string {
  return path.replaceAll("\\", "/").replace(/^(?:\.\/+)+/, "").replace(/\/+$/, "");
}
