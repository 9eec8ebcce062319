/**
 * The part of Deno's API that the library uses, for Node.js. `scripts/library.ts` bundles this file with
 * the library and lets the names in its code mean what is exported here. The library sets no global name. In Deno, the names mean Deno's own.
 *
 * Node.js has no locks on files, so nothing here locks: a staging directory looks abandoned to a daemon,
 * which may remove it from its seed directory.
 *
 * @module
 */

import * as fs from "node:fs";
import * as files from "node:fs/promises";
import { availableParallelism, networkInterfaces } from "node:os";
import process from "node:process";
import { inspect } from "node:util";
import { FsFile, openFile, openFileSync, type OpenOptions } from "./file_in_node.ts";
import { infoOf } from "./info_in_node.ts";

/** Makes a class of errors of the file system, which has every error with one of these codes. */
function errorWith(...codes: string[]) {
  return class {
    static [Symbol.hasInstance](error: unknown): boolean {
      return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? "");
    }
  };
}

/** Removes a file or directory; a directory must be empty unless `recursive`. */
async function remove(path: string, { recursive = false } = {}): Promise<void> {
  if (recursive) return await files.rm(path, { recursive });
  const isDirectory = (await files.lstat(path)).isDirectory();
  await (isDirectory ? files.rmdir(path) : files.unlink(path));
}

function removeSync(path: string, { recursive = false } = {}): void {
  if (recursive) fs.rmSync(path, { recursive });
  else if (fs.lstatSync(path).isDirectory()) fs.rmdirSync(path);
  else fs.unlinkSync(path);
}

function entryOf(entry: fs.Dirent) {
  return {
    name: entry.name,
    isFile: entry.isFile(),
    isDirectory: entry.isDirectory(),
    isSymlink: entry.isSymbolicLink(),
  };
}

async function* readDir(path: string) {
  for (const entry of await files.readdir(path, { withFileTypes: true })) yield entryOf(entry);
}

function* readDirSync(path: string) {
  for (const entry of fs.readdirSync(path, { withFileTypes: true })) yield entryOf(entry);
}

async function mkdir(path: string, options?: { recursive?: boolean; mode?: number }) {
  await files.mkdir(path, options);
}

function mkdirSync(path: string, options?: { recursive?: boolean; mode?: number }): void {
  fs.mkdirSync(path, options);
}

async function writeFile(path: string, bytes: Uint8Array, options: OpenOptions = {}) {
  const flag = options.createNew ? "wx" : "w";
  await files.writeFile(path, bytes, { flag, mode: options.mode });
}

const inNode = {
  build: { os: process.platform === "win32" ? "windows" : process.platform, standalone: false },
  errors: {
    AlreadyExists: errorWith("EEXIST"),
    FilesystemLoop: errorWith("ELOOP"),
    NotADirectory: errorWith("ENOTDIR"),
    // Node.js has no lists of permissions as Deno has.
    NotCapable: errorWith(),
    NotFound: errorWith("ENOENT"),
    PermissionDenied: errorWith("EACCES", "EPERM"),
  },
  FsFile,
  SeekMode: { Start: 0 },
  pid: process.pid,
  gid: () => process.getgid?.() ?? null,
  uid: () => process.getuid?.() ?? null,
  inspect,
  networkInterfaces,
  linkSync: fs.linkSync,
  lstat: async (path: string) => infoOf(await files.lstat(path)),
  lstatSync: (path: string) => infoOf(fs.lstatSync(path)),
  mkdir,
  mkdirSync,
  open: openFile,
  openSync: openFileSync,
  readDir,
  readDirSync,
  readFile: async (path: string) => new Uint8Array(await files.readFile(path)),
  readFileSync: (path: string) => new Uint8Array(fs.readFileSync(path)),
  readTextFile: (path: string) => files.readFile(path, "utf8"),
  readTextFileSync: (path: string) => fs.readFileSync(path, "utf8"),
  realPath: (path: string) => files.realpath(path),
  remove,
  removeSync,
  rename: files.rename,
  stat: async (path: string) => infoOf(await files.stat(path)),
  statSync: (path: string) => infoOf(fs.statSync(path)),
  writeFile,
  writeFileSync: (path: string, bytes: Uint8Array, { mode }: OpenOptions = {}) =>
    fs.writeFileSync(path, bytes, { mode }),
};

const deno = (globalThis as { Deno?: { version?: { deno?: string } } }).Deno;

/** Deno's API in Deno, its stand-in elsewhere. Other programs set `globalThis.Deno`, without a version. */
const theDeno = (deno?.version?.deno === undefined ? inNode : deno) as typeof inNode;

const theNavigator: Pick<Navigator, "hardwareConcurrency"> = globalThis.navigator ??
  { hardwareConcurrency: availableParallelism() };

export {
  bytesFromBase64 as "Uint8Array.fromBase64",
  bytesFromHex as "Uint8Array.fromHex",
  iteratorFrom as "Iterator.from",
  methodSetFromHex,
  methodToBase64,
  methodToHex,
  methodTransfer,
  promiseWithResolvers as "Promise.withResolvers",
} from "./new_in_deno.ts";
export { theDeno as Deno, theNavigator as navigator };
