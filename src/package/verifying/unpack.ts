/**
 * Puts files into a directory that appears whole or not at all. Which files, and whether they are what
 * was signed, is `verify.ts`'s business; so is that their paths are harmless.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "node:path";
import { FileWriter, syncDirectory, Temporaries, writeFailed } from "../archive/mod.ts";
import { PackageError } from "../errors.ts";

/** A directory in the making, beside its final place. Disposing of it before it is done removes it. */
export class Unpacking implements AsyncDisposable {
  readonly #target: string;
  readonly #temporaries: Temporaries;
  readonly #directory: string;
  /** Directories that have been made, by their path in the archive. */
  readonly #made = new Set<string>();

  private constructor(target: string) {
    this.#target = target;
    this.#temporaries = new Temporaries(dirname(target));
    this.#directory = this.#temporaries.path();
  }

  /**
   * @param path where the directory will be; nothing or an empty directory may be there
   * @throws {PackageError} `TARGET_EXISTS`, `WRITE_FAILED`
   */
  static async begin(path: string): Promise<Unpacking> {
    const target = resolve(path);
    await checkUnpackTarget(target);
    const unpacking = new Unpacking(target);
    unpacking.#makeDirectory("");
    return unpacking;
  }

  /**
   * Opens a new file for its contents.
   *
   * @param path in the archive; checked already
   * @param executable gives mode 0755, otherwise 0644; the umask applies
   */
  async open(path: string, executable: boolean): Promise<FileWriter> {
    this.#makeDirectoriesOf(path);
    return await FileWriter.create(join(this.#directory, path), { mode: modeOf(executable) });
  }

  /** Writes a new file. Not awaited: that takes longer than writing a small one. */
  write(path: string, executable: boolean, bytes: Uint8Array): void {
    this.#makeDirectoriesOf(path);
    const file = join(this.#directory, path);
    try {
      // Deno.writeFileSync would set the mode whatever the umask.
      using opened = Deno.openSync(file, {
        write: true,
        createNew: true,
        mode: modeOf(executable),
      });
      for (let at = 0; at < bytes.length;) at += opened.writeSync(bytes.subarray(at));
    } catch (cause) {
      throw writeFailed(file, cause);
    }
  }

  /** Moves the directory to its final place, and returns that. */
  async finish(): Promise<string> {
    // In one step where the system can; on Windows a rename replaces no directory.
    if (Deno.build.os === "windows") await Deno.remove(this.#target).catch(() => {});
    await this.#temporaries.moveIntoPlace(this.#directory, this.#target);
    await syncDirectory(dirname(this.#target));
    return this.#target;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#temporaries[Symbol.asyncDispose]();
  }

  #makeDirectoriesOf(path: string): void {
    const missing: string[] = [];
    // From the innermost outwards: what one is in that is there need not be looked for.
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

function modeOf(executable: boolean): number {
  return executable ? 0o755 : 0o644;
}

/**
 * Sees to it that an archive can be unpacked to a path: nothing or an empty directory is there, and a
 * directory to make it in.
 *
 * @throws {PackageError} `TARGET_EXISTS`, `WRITE_FAILED`
 */
export async function checkUnpackTarget(path: string): Promise<void> {
  const target = resolve(path);
  try {
    let isEmpty = (await Deno.lstat(target)).isDirectory;
    if (isEmpty) { for await (const _ of Deno.readDir(target)) isEmpty = false; }
    if (isEmpty) return;
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw writeFailed(target, cause);
    await Deno.readDir(dirname(target))[Symbol.asyncIterator]().next().catch((cause) => {
      throw writeFailed(target, cause);
    });
    return;
  }
  const message = `${target} is there already. Name a directory that does not exist or is empty.`;
  throw new PackageError("usage", "TARGET_EXISTS", message, {
    detail: { path: target, name: basename(target) },
  });
}
