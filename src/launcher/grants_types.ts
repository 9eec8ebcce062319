/**
 * Types of the grants: the Deno permissions of a command's thread, and for each the reason.
 *
 * @module
 */

import type { HostPort } from "../base/mod.ts";
import type { LoadedSettings } from "../config/mod.ts";
import type { CommandLine } from "./command_line.ts";

/** A permission that a list of paths, addresses or names limits. */
export type PermissionKind = "read" | "write" | "net" | "sys";

/** One entry of a thread's permission lists. */
export interface Grant {
  permission: PermissionKind;
  /** Absolute path, `HOST`, `HOST:PORT`, `unix:PATH`, or the name of a system call's permission. */
  what: string;
  /** What the thread does with it, for people. */
  why: string;
}

/** A directory of the user's in which a command makes files, and the launcher's name in it. */
export interface Staging {
  /** Absolute path of the directory, as the command line names it. */
  directory: string;
  /**
   * Absolute path of a file or directory that does not exist yet: `.tmp-held-` and 16 hex digits,
   * directly in {@linkcode Staging.directory}. The command may create it and write in it.
   */
  path: string;
  /**
   * Whether the launcher may be asked to give files in the staging directory their final names
   * there, because the command line does not name them.
   */
  places: boolean;
}

/** What a command's thread may touch. */
export interface Grants {
  /** Permissions for `new Worker(…, { deno: { permissions } })`. */
  permissions: Deno.PermissionOptionsObject;
  /** The entries of {@linkcode Grants.permissions}, each with its reason; without duplicates. */
  why: readonly Grant[];
  /** The directories in which `io.stagingFor` names a place. */
  stagings: readonly Staging[];
  /** Key file with which the launcher may sign for this command, absolute path. */
  keyPath: string | undefined;
  /** Store of installed packages; the launcher makes links to packages in it only. */
  storePath: string | undefined;
  /** Links outside the store that the launcher may be asked to make: absolute paths. */
  links: readonly string[];
  /** Whether the command may ask for the engine's thread. */
  wantsEngine: boolean;
}

/** The facts from which {@linkcode Grants} are made. */
export interface GrantFacts {
  line: CommandLine | undefined;
  /** The settings; `undefined` if they are invalid, which the command itself reports. */
  settings: LoadedSettings | undefined;
  /** Path of the config file, if the home is known although the settings are invalid. */
  configPath?: string;
  /** Working directory of the process, absolute path. */
  cwd: string;
  /** The user's home directory, absolute path. */
  userHome: string | undefined;
  /** Paths that were read from standard input, for `publish -`. */
  stdinPaths?: readonly string[];
  /** Real path of an existing file or directory; `undefined` if there is none. */
  realPath(path: string): string | undefined;
  /** Paths of lock files and links that refer to packages of the store (`packages/.roots`). */
  roots?: readonly string[];
  /** Returns 16 random hexadecimal digits, for the name of a staging path. */
  random(): string;
}

/** Where the HTTP page of a daemon listens. */
export type HttpAddress = HostPort | undefined;
