/**
 * Writes small files one after the other, in the calling thread. `small_files.ts` divides the files of
 * a package between threads.
 *
 * @module
 */

/** New files to write, with their contents one after the other in a buffer. */
export interface FileBatch {
  /** Absolute paths, which must not exist; their directories must. */
  paths: string[];
  /** The mode of each file, reduced by the umask. */
  modes: number[];
  /** The length of each file in bytes. */
  lengths: number[];
}

/** The reason why a file could not be written. */
export interface FileFailure {
  path: string;
  message: string;
  /** The system's error code, such as `ENOSPC`. */
  code: string | undefined;
}

/**
 * Writes a new file synchronously: for a small file an asynchronous call takes longer than the
 * write. Throws the errors of the file system.
 */
export function writeSmallFile(path: string, mode: number, bytes: Uint8Array): void {
  // `Deno.openSync` is used because `Deno.writeFileSync` would ignore the umask.
  using file = Deno.openSync(path, { write: true, createNew: true, mode });
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

/** Writes the files of a batch; ends at the first that cannot be written. */
export function writeBatch(
  { paths, modes, lengths }: FileBatch,
  bytes: Uint8Array,
): FileFailure | undefined {
  let at = 0;
  for (const [index, path] of paths.entries()) {
    const end = at + lengths[index]!;
    try {
      writeSmallFile(path, modes[index]!, bytes.subarray(at, end));
    } catch (cause) {
      const { message, code } = cause as Error & { code?: string };
      return { path, message, code };
    }
    at = end;
  }
}
