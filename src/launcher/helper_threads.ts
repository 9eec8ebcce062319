/**
 * Starts the helper threads of a command, which compress, hash and write files. The launcher starts them, because
 * Deno takes a second to start a thread from a thread, and some 15 ms from the main thread.
 *
 * A stranger may control the command's thread. So a helper gets at most files that the command may
 * open itself, and the number of helpers is bounded.
 *
 * @module
 */

import { isWithin, resolvePath } from "../base/mod.ts";
import { refusal } from "./errors.ts";
import { realPathNow, realPathOf } from "./grant_list.ts";
import type { HelperFiles, HelperThread } from "./requests.ts";

/**
 * Module of a helper, `src/package/archive/thread.ts`. `scripts/compile.ts` makes a bundle of it in
 * the directory of the program's own modules.
 */
const HELPER = import.meta.url.endsWith(".ts")
  ? new URL("../package/archive/thread.ts", import.meta.url)
  : new URL(import.meta.url.replace(/(?<=\/dist\/main\/).*$/, "thread.js"));

/** Maximum number of helpers. Each takes about 26 MB, and packing should take at most 200 MB. */
const MAX_HELPERS = 6;

/** Returns the maximum number of helpers on this machine. */
export function maxHelpers(processors: number = navigator.hardwareConcurrency): number {
  return Math.min(Math.max(processors, 1), MAX_HELPERS);
}

/** The permissions of a thread as lists, from which its helpers may have files. */
export type HelperGrants = Pick<Deno.PermissionOptionsObject, "read" | "write">;

/** Returns the permissions of a helper: reading and writing the given files, and nothing else. */
export function helperPermissions({ read, write }: HelperFiles): Deno.PermissionOptionsObject {
  const none = { net: false, env: false, sys: false, run: false, ffi: false, import: false };
  return { ...none, read: listOrNone(read), write: listOrNone(write) };
}

/** Deno takes an empty list as a mistake, so no file is `false`. */
function listOrNone(paths: readonly string[]): string[] | false {
  return paths.length > 0 && [...paths];
}

/**
 * Starts a helper.
 *
 * @param port the helper's end of the channel by which it gets its orders; it is transferred
 */
export function startHelper(
  files: HelperFiles,
  port: MessagePort,
): Omit<HelperThread, "port"> {
  const worker = new Worker(HELPER, {
    type: "module",
    name: "libreseed-helper",
    deno: { permissions: helperPermissions(files) },
  });
  const died = Promise.withResolvers<string>();
  worker.addEventListener("error", (error) => {
    // Without `preventDefault`, the error would end the whole program with a stack trace.
    error.preventDefault();
    worker.terminate();
    died.resolve(error.message);
  });
  worker.postMessage(port, [port]);
  return { died: died.promise, terminate: () => worker.terminate() };
}

/** The helpers of a command. */
export class Helpers {
  readonly #grants: HelperGrants;
  readonly #onDeath: (id: number, why: string) => void;
  readonly #start: typeof startHelper;
  readonly #realPath: (path: string) => string | undefined;
  readonly #running = new Map<number, Pick<HelperThread, "terminate">>();

  /**
   * @param grants the permissions of the command's thread
   * @param onDeath called when a helper could not be started, or has died by an error
   * @param parts replaced in tests: `realPath` returns the real path of a file or directory, `undefined`
   *   if there is none; `start` starts a helper
   */
  constructor(
    grants: HelperGrants,
    onDeath: (id: number, why: string) => void,
    { realPath = realPathNow, start = startHelper }: {
      realPath?: (path: string) => string | undefined;
      start?: typeof startHelper;
    } = {},
  ) {
    this.#grants = grants;
    this.#onDeath = onDeath;
    this.#realPath = realPath;
    this.#start = start;
  }

  /** Starts a helper, unless it was asked for files beyond the grants, or too many are running. */
  start(id: number, files: HelperFiles, port: MessagePort): void {
    try {
      this.#check(id, files);
      const helper = this.#start(this.#withRealPaths(files), port);
      this.#running.set(id, helper);
      helper.died.then((why) => {
        // The id may be that of a later helper by now, which goes on being counted.
        if (this.#running.get(id) !== helper) return;
        this.#running.delete(id);
        this.#onDeath(id, why);
      });
    } catch (error) {
      port.close();
      this.#onDeath(id, (error as Error).message);
    }
  }

  /** Ends a helper; does nothing if it has ended. */
  end(id: number): void {
    this.#running.get(id)?.terminate();
    this.#running.delete(id);
  }

  /**
   * Adds the real paths of files that lie behind a symbolic link, as where the home does. Deno compares
   * the real path of a file that exists with the lists. A link that leads out of the command's grants
   * adds nothing.
   */
  #withRealPaths({ read, write }: HelperFiles): HelperFiles {
    const formsOf = (paths: readonly string[], granted: HelperGrants["read"]) => {
      const real = paths.map((path) => realPathOf(path, this.#realPath));
      return [...new Set([...paths, ...real.filter((path) => isGranted(path, granted))])];
    };
    return { read: formsOf(read, this.#grants.read), write: formsOf(write, this.#grants.write) };
  }

  #check(id: number, { read, write }: HelperFiles): void {
    if (this.#running.has(id) || this.#running.size >= maxHelpers()) {
      throw refusal("start another helper thread");
    }
    for (const path of read) {
      if (!isGranted(path, this.#grants.read)) throw refusal(`have ${path} read by a helper`);
    }
    for (const path of write) {
      if (!isGranted(path, this.#grants.write)) throw refusal(`have ${path} written by a helper`);
    }
  }
}

/** Whether a list of permissions has a path, or a directory above it. */
function isGranted(path: string, granted: HelperGrants["read"]): boolean {
  if (path !== resolvePath(path)) return false;
  return granted === true ||
    Array.isArray(granted) && granted.some((one) => isWithin(path, String(one)));
}
