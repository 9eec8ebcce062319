/**
 * Writes files to a directory that appears either complete or not at all. `verify.ts` chooses the
 * files and checks their paths and contents.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "node:path";
import {
  FileWriter,
  isNotGranted,
  moveIntoPlace,
  newStagingPath,
  SMALL_FILE_BYTES,
  SmallFiles,
  Staging,
  type StartThread,
  syncDirectoryOf,
  writeFailed,
  writeSmallFile,
} from "../archive/mod.ts";
import { outOfReach } from "../../base/mod.ts";
import { PackageError } from "../errors.ts";
import { MANIFEST_PATH } from "../paths/mod.ts";
import { type ExistingFiles, FileLinks, type WantedFile } from "./existing_files.ts";

/** Options of an unpacking. */
interface UnpackOptions {
  /** Path of the staging directory; default: a new random name. */
  stagingPath?: string;
  /**
   * Whether the target lies in a temporary directory of the caller, who removes it after a failure.
   * The files are then written to the target at once. Deno asks of each directory above a new file
   * whether it is a link, so a staging directory inside another makes each file cost more.
   */
  isTemporary?: boolean;
  /** Starts the threads that write small files, if they are many. */
  startThread?: StartThread;
  /** Whether nobody may write to the files: mode 0555 or 0444 instead of 0755 or 0644; the umask applies. */
  isReadOnly?: boolean;
  /** Files that are linked where they have the contents and the mode of a file in the archive. */
  existing?: ExistingFiles;
}

/**
 * Number of files in a package from which they are written in threads. Starting the threads takes as
 * long as writing half of these files.
 */
const THREADS_FILES = 2000;
/**
 * Length in bytes from which a manifest lists so many files that threads will write them: an entry of
 * a file with a usual path takes some 100 bytes.
 */
const THREADS_MANIFEST_BYTES = THREADS_FILES * 100;
/**
 * Number of files that are written before the threads start if files may be linked: a package of which
 * nearly all files are linked needs no threads.
 */
const FIRST_FILES = 64;

/**
 * A directory that is filled under a temporary name. Disposing of this object before `finish`
 * removes the directory, unless the target is temporary: the caller removes that.
 */
export class Unpacking implements AsyncDisposable {
  readonly #target: string;
  /** The staging directory, unless the target is temporary itself. */
  readonly #staging: Staging | undefined;
  readonly #directory: string;
  /** The directories created so far, as paths in the archive. */
  readonly #made = new Set<string>();
  readonly #isReadOnly: boolean;
  /** Links to existing files. They resemble the manifest, which is always written, before all others. */
  readonly #links: FileLinks | undefined;
  readonly #startThread: StartThread | undefined;
  #expectedFiles = 0;
  #writtenFiles = 0;
  /** Writes the small files, if they are many. */
  #small: SmallFiles | undefined;

  private constructor(target: string, staging: Staging | undefined, files: UnpackOptions) {
    const { isReadOnly = false, existing, startThread } = files;
    this.#target = target;
    this.#staging = staging;
    // The staging directory itself stays where it is, since its lock would move with it.
    this.#directory = staging?.next() ?? target;
    this.#startThread = startThread;
    this.#isReadOnly = isReadOnly;
    this.#links = existing && new FileLinks(existing, join(this.#directory, MANIFEST_PATH));
  }

  /** Number and length of the files that were linked instead of written. */
  get linked(): { files: number; bytes: number } {
    return { files: this.#links?.files ?? 0, bytes: this.#links?.bytes ?? 0 };
  }

  /**
   * Creates the staging directory beside the target, or the target if it is temporary.
   *
   * @param path path of the target, which must be missing or an empty directory; missing if it is
   *   temporary
   * @throws {PackageError} `TARGET_EXISTS`, `WRITE_FAILED`
   */
  static async begin(path: string, options: UnpackOptions = {}): Promise<Unpacking> {
    const target = resolve(path);
    const staging = options.isTemporary ? undefined : await stage(target, options.stagingPath);
    const unpacking = new Unpacking(target, staging, options);
    try {
      unpacking.#makeDirectory("");
      return unpacking;
    } catch (error) {
      await staging?.[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Tells the length of the manifest, before it is read. If the manifest is long, the threads that
   * write small files start now, and are ready when the manifest has been read.
   */
  expectManifest(sizeBytes: number): void {
    if (sizeBytes >= THREADS_MANIFEST_BYTES && !this.#links) this.#startThreads();
  }

  /** Tells how many more files will be written or linked. */
  expect(fileCount: number): void {
    this.#expectedFiles = fileCount;
  }

  /**
   * Creates a new file and opens it for writing.
   *
   * @param path path in the archive, already checked
   * @param executable whether the owner may execute the file
   */
  async open(path: string, executable: boolean): Promise<FileWriter> {
    this.#makeDirectoriesOf(path);
    return await FileWriter.create(join(this.#directory, path), { mode: this.#modeOf(executable) });
  }

  /**
   * Writes a new file, at once or, if there are many files and this one is small, in a thread.
   *
   * @throws {PackageError} `WRITE_FAILED`, `DISK_FULL`, `THREAD_DIED`, also of a file before
   */
  write(path: string, executable: boolean, bytes: Uint8Array): void {
    this.#makeDirectoriesOf(path);
    const file = join(this.#directory, path);
    const mode = this.#modeOf(executable);
    if (this.#expectedFiles >= THREADS_FILES && ++this.#writtenFiles === FIRST_FILES) {
      this.#startThreads();
    }
    // The manifest may be longer.
    if (this.#small && bytes.length <= SMALL_FILE_BYTES) {
      return this.#small.add(file, mode, bytes);
    }
    try {
      writeSmallFile(file, mode, bytes);
    } catch (cause) {
      throw writeFailed(file, cause);
    }
  }

  /** Links a file that is on the disk already. Returns false if the file has to be written. */
  async link(path: string, file: Omit<WantedFile, "target">): Promise<boolean> {
    return await this.#links?.link({ ...file, target: this.#targetOf(path) }) ?? false;
  }

  /** Links a small file like {@linkcode Unpacking.link}, synchronously. */
  linkNow(path: string, file: Omit<WantedFile, "target">): boolean {
    return this.#links?.linkNow({ ...file, target: this.#targetOf(path) }) ?? false;
  }

  /**
   * Renames the staging directory to the target path, if there is one, and returns the target path.
   */
  async finish(): Promise<string> {
    await this.#small?.finish();
    if (!this.#staging) return this.#target;
    // POSIX atomically renames a directory to the path of an empty directory. Windows cannot, so
    // the empty directory is removed first.
    if (Deno.build.os === "windows") await Deno.remove(this.#target).catch(() => {});
    await moveIntoPlace(this.#directory, this.#target);
    await syncDirectoryOf(this.#target);
    return this.#target;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#small?.[Symbol.asyncDispose]();
    await this.#staging?.[Symbol.asyncDispose]();
  }

  #startThreads(): void {
    this.#small ??= SmallFiles.start(this.#directory, this.#startThread);
  }

  #targetOf(path: string): string {
    this.#makeDirectoriesOf(path);
    return join(this.#directory, path);
  }

  #modeOf(executable: boolean): number {
    const mode = executable ? 0o755 : 0o644;
    return this.#isReadOnly ? mode & ~0o222 : mode;
  }

  #makeDirectoriesOf(path: string): void {
    const missing: string[] = [];
    // Search from the innermost directory outwards: the parents of a created directory exist
    // already.
    for (let at = path.lastIndexOf("/"); at !== -1; at = path.lastIndexOf("/", at - 1)) {
      const directory = path.slice(0, at);
      if (this.#made.has(directory)) break;
      missing.push(directory);
    }
    for (const directory of missing.reverse()) this.#makeDirectory(directory);
  }

  #makeDirectory(path: string): void {
    const directory = join(this.#directory, path);
    try {
      Deno.mkdirSync(directory);
    } catch (cause) {
      throw writeFailed(directory, cause);
    }
    this.#made.add(path);
  }
}

async function stage(target: string, stagingPath?: string): Promise<Staging> {
  const path = stagingPath ?? newStagingPath(dirname(target));
  await checkUnpackTarget(target, path);
  return await Staging.create(path).catch((cause) => {
    throw writeFailed(target, cause);
  });
}

/**
 * Throws if an archive cannot be unpacked to a path. The path must be missing or an empty
 * directory, and its parent directory must exist.
 *
 * @param stagingPath a path beside the target at which a directory may be created. Needed by a
 *   thread that may open only the target, not the directory that holds it
 * @throws {PackageError} `TARGET_EXISTS`, `WRITE_FAILED`
 */
export async function checkUnpackTarget(path: string, stagingPath?: string): Promise<void> {
  const target = resolve(path);
  try {
    let isEmpty = (await Deno.lstat(target)).isDirectory;
    if (isEmpty) { for await (const _ of Deno.readDir(target)) isEmpty = false; }
    if (isEmpty) return;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return await checkDirectoryOf(target, stagingPath);
    // The launcher grants no target that holds files, so such a target cannot even be looked at.
    const isHidden = isNotGranted(cause) && stagingPath !== undefined;
    if (!isHidden || outOfReach(cause)) throw writeFailed(target, cause);
  }
  const message = `${target} exists already. Name a directory that does not exist or is empty.`;
  throw new PackageError("usage", "TARGET_EXISTS", message, {
    detail: { path: target, name: basename(target) },
  });
}

/**
 * Throws if the directory does not exist in which a file or directory is to be created.
 *
 * @param stagingPath as for {@linkcode checkUnpackTarget}
 * @throws {PackageError} `WRITE_FAILED`
 */
export async function checkDirectoryOf(target: string, stagingPath?: string): Promise<void> {
  try {
    await Deno.readDir(dirname(target))[Symbol.asyncIterator]().next();
  } catch (cause) {
    if (!isNotGranted(cause) || stagingPath === undefined) throw noDirectoryFor(target, cause);
    // The thread may not list the directory, so it tries to create something there.
    await Deno.mkdir(stagingPath).catch((cause) => {
      throw noDirectoryFor(target, cause);
    });
    await Deno.remove(stagingPath).catch(() => {});
  }
}

function noDirectoryFor(target: string, cause: unknown): PackageError {
  if (!(cause instanceof Deno.errors.NotFound)) return writeFailed(target, cause);
  const message = `${target} cannot be written: there is no directory ${
    dirname(target)
  }. Make it first.`;
  return new PackageError("failed", "WRITE_FAILED", message, { cause, detail: { path: target } });
}
