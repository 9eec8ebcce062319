/**
 * Joins and resolves paths of files without Node's modules. The launcher needs no other module of
 * Node, and loading the first one takes three times as long as the start of the program. On
 * Windows, whose paths have more forms, the functions use `node:path`.
 *
 * @module
 */

// deno-lint-ignore-file no-process-global -- an import would load node:path with every command

const isWindows = Deno.build.os === "windows";

function nodePath(): typeof import("node:path") {
  return process.getBuiltinModule("node:path");
}

/** Whether a path is absolute. */
export function isAbsolutePath(path: string): boolean {
  return isWindows ? nodePath().isAbsolute(path) : path.startsWith("/");
}

/**
 * Resolves a path against an absolute directory: removes `.`, `..` and repeated slashes. Does not
 * look at the file system, so symbolic links stay.
 *
 * @param directory absolute path
 */
export function resolvePath(directory: string, ...paths: string[]): string {
  if (isWindows) return nodePath().resolve(directory, ...paths);
  const whole = paths.reduce(
    (at, path) => path.startsWith("/") ? path : `${at}/${path}`,
    directory,
  );
  const kept: string[] = [];
  for (const part of whole.split("/")) {
    if (part === "..") kept.pop();
    else if (part !== "" && part !== ".") kept.push(part);
  }
  return `/${kept.join("/")}`;
}

/** Returns the directory that contains `path`, an absolute path. The root contains itself. */
export function directoryOf(path: string): string {
  return resolvePath(path, "..");
}

/** Whether the absolute path `path` is `directory` or lies in it. Both are resolved paths. */
export function isWithin(path: string, directory: string): boolean {
  if (isWindows) {
    const { relative, isAbsolute } = nodePath();
    const way = relative(directory, path);
    return way === "" || !/^\.\.(?:[\\/]|$)/.test(way) && !isAbsolute(way);
  }
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}
