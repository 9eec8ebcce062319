/**
 * Directories for one test, removed at its end.
 *
 * @module
 */

/** A directory of its own for one test. */
export interface TemporaryHome {
  /** Absolute path; the directory is there, mode 0700. */
  readonly path: string;
  /** Removes it with all that is in it. Removing twice is no error. */
  remove(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes a directory: `await using home = await temporaryHome();` */
export async function temporaryHome(): Promise<TemporaryHome> {
  const path = await Deno.makeTempDir({ prefix: "libreseed-test-" });
  const remove = async () => {
    await Deno.remove(path, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  };
  return { path, remove, [Symbol.asyncDispose]: remove };
}
