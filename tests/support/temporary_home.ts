/**
 * Temporary directories for one test, removed at its end.
 *
 * @module
 */

/** A temporary directory for one test. */
export interface TemporaryHome {
  /** Absolute path of the directory, which has mode 0700. */
  readonly path: string;
  /** Removes the directory with its contents. Removing it twice is no error. */
  remove(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Creates a temporary directory: `await using home = await temporaryHome();` */
export async function temporaryHome(): Promise<TemporaryHome> {
  const path = await Deno.makeTempDir({ prefix: "libreseed-test-" });
  const remove = async () => {
    await Deno.remove(path, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  };
  return { path, remove, [Symbol.asyncDispose]: remove };
}
