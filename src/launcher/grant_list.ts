/**
 * Collects the entries of a thread's permission lists. Deno compares paths as text and resolves no
 * links, neither in a requested path nor in a path of the list. Code may request a file by the
 * given path or by its real path, so the list has both.
 *
 * @module
 */

import { directoryOf, resolvePath } from "../base/mod.ts";
import type { Grant, PermissionKind } from "./grants_types.ts";

/** The permission lists of one thread, while they are made. */
export class GrantList {
  readonly #grants = new Map<string, Grant>();
  readonly #realPath: (path: string) => string | undefined;

  /** @param realPath returns the real path of a file or directory; `undefined` if there is none */
  constructor(realPath: (path: string) => string | undefined) {
    this.#realPath = realPath;
  }

  /** Permits reading a file, or a directory with everything in it. */
  read(path: string, why: string): void {
    for (const form of this.#formsOf(path)) this.add("read", form, why);
  }

  /** Permits reading and writing a file, or a directory with everything in it. */
  readWrite(path: string, why: string): void {
    for (const form of this.#formsOf(path)) {
      this.add("read", form, why);
      this.add("write", form, why);
    }
  }

  /**
   * Permits reading and writing exactly this path. The target of a link at the path is not added:
   * the link may lead anywhere.
   */
  readWriteAt(path: string, why: string): void {
    this.add("read", path, why);
    this.add("write", path, why);
  }

  /** Permits connecting to a Unix socket, or binding one. */
  socketAt(path: string, why: string): void {
    this.readWriteAt(path, why);
    this.add("net", `unix:${path}`, why);
  }

  /** Adds an entry unchanged. If an entry is added again, its first reason stays. */
  add(permission: PermissionKind, what: string, why: string): void {
    const key = `${permission} ${what}`;
    if (!this.#grants.has(key)) this.#grants.set(key, { permission, what, why });
  }

  /** The entries in the order in which they were added. */
  get entries(): readonly Grant[] {
    return [...this.#grants.values()];
  }

  /** The permissions of the thread: these entries and nothing else. */
  get permissions(): Deno.PermissionOptionsObject {
    const listOf = (kind: PermissionKind) =>
      this.entries.filter(({ permission }) => permission === kind).map(({ what }) => what);
    return {
      read: listOf("read"),
      write: listOf("write"),
      net: listOf("net"),
      sys: listOf("sys") as Deno.PermissionOptionsObject["sys"],
      env: false,
      run: false,
      ffi: false,
      import: false,
    };
  }

  /** The path itself and its real path. */
  #formsOf(path: string): string[] {
    return [...new Set([path, realPathOf(path, this.#realPath)])];
  }
}

/**
 * Returns the real path of a file that may not exist yet: the real path of its nearest existing
 * ancestor, and the rest of the path.
 */
export function realPathOf(
  path: string,
  realPath: (path: string) => string | undefined,
): string {
  for (let at = path;; at = directoryOf(at)) {
    const real = realPath(at);
    if (real !== undefined) return resolvePath(real, `.${path.slice(at === "/" ? 0 : at.length)}`);
    if (at === directoryOf(at)) return path;
  }
}

/** Returns the real path of a file or directory; `undefined` if there is none. */
export function realPathNow(path: string): string | undefined {
  try {
    return Deno.realPathSync(path);
  } catch {
    return undefined;
  }
}
