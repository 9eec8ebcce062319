/**
 * Types of the grants: the Deno permissions of a command's thread, each entry with its reason.
 *
 * @module
 */

import type { Binding } from "../base/mod.ts";
import type { LoadedSettings } from "../config/mod.ts";
import type { OnlyServer } from "../gate_thread/mod.ts";
import type { CommandLine } from "./command_line.ts";
import type { KeyUse } from "./key_uses.ts";

/** A Deno permission that a list limits. */
export type PermissionKind = "read" | "write" | "net" | "sys";

/** One entry of a thread's permission lists. */
export interface Grant {
  permission: PermissionKind;
  /**
   * Absolute path, `HOST`, `HOST:PORT`, CIDR block of addresses, `unix:PATH`, or for `sys` the name
   * of the function.
   */
  what: string;
  /** Purpose of the entry, for people: "the state database". */
  why: string;
}

/** The permissions of a command's thread, and the requests that the launcher carries out for it. */
export interface Grants {
  /** Permissions of the thread, as `new Worker(…, { deno: { permissions } })` takes them. */
  permissions: Deno.PermissionOptionsObject;
  /** The entries of {@linkcode Grants.permissions} with their reasons, without duplicates. */
  why: readonly Grant[];
  /**
   * Staging paths, by the directory that contains each; `io.stagingFor` looks a path up here. A
   * staging path does not exist yet: `.tmp-held-` and 16 hexadecimal digits.
   */
  staging: ReadonlyMap<string, string>;
  /**
   * The databases that the thread may open, each with its path without links: the state of the home.
   * None whose rollback journal the thread could write: such a journal can have SQLite remove any
   * file.
   */
  databases: readonly { path: string; realPath: string }[];
  /**
   * The directories of {@linkcode Grants.staging} in which the launcher gives finished files their
   * final names on request, because the command line does not name these files.
   */
  places: readonly string[];
  /**
   * Key file that the launcher uses for this command: to sign, and to answer questions about it.
   */
  keyPath: string | undefined;
  /** The uses of the key that the launcher may be asked for. */
  keyUses: readonly KeyUse[];
  /**
   * The parts of the command line that order a change of keys. The launcher reads the order from them
   * itself.
   */
  keyLine: { args: readonly string[]; flags: CommandLine["flags"]; cwd: string } | undefined;
  /** The configured port; the command may ask which process uses it. */
  port: number | undefined;
  /** Store of installed packages. All links that the launcher makes lead to it. */
  storePath: string | undefined;
  /** The links outside of the store that the launcher may be asked to make, absolute paths. */
  links: readonly string[];
  /**
   * Directories that the thread may not open and about which the launcher tells owner, mode and
   * real path: the home, and the directories that are never packed.
   */
  described: readonly string[];
  /** Whether the launcher may be asked to examine the home. */
  isExamined: boolean;
  /** Whether the command may ask for the engine's thread. */
  wantsEngine: boolean;
  /** Whether the launcher starts the engine's thread together with the command's thread. */
  preparesEngine: boolean;
  /** Whether the engine's thread may reach the home router, which needs the program `ip`. */
  mapsPort: boolean;
  /** Whether the launcher watches the addresses of this machine for the engine's thread. */
  watchesAddresses: boolean;
  /** The setting `bind`. The launcher watches the addresses that it stands for. */
  bind: string | undefined;
  /** Whether the engine's thread may find peers in the local network. */
  lan: boolean;
  /** The server of the setting `webhook`, which the command may reach through the gate. */
  webhook: OnlyServer | undefined;
}

/** The facts from which {@linkcode Grants} are made. */
export interface GrantFacts {
  /** The scanned command line; `undefined` if it was not understood. */
  line: CommandLine | undefined;
  /** The settings; `undefined` if they are invalid. The command reports why. */
  settings: LoadedSettings | undefined;
  /**
   * Path of the config file; `undefined` if no home is known. Present even if the settings are
   * invalid, because the command reads the file again to report the error.
   */
  configPath: string | undefined;
  /** Working directory of the process, absolute path. */
  cwd: string;
  /** The user's home directory, absolute path; `undefined` if the user has none. */
  userHome: string | undefined;
  /** The paths that standard input lists, for `publish -`. */
  stdinPaths?: readonly string[];
  /** Absolute path of the compiled program; absent if libreseed runs from its sources. */
  program?: string;
  /** The lock files and links that refer to packages of the store, for {@linkcode needsRoots}. */
  roots?: readonly string[];
  /** The addresses that the setting `bind` stands for; `undefined` if it is off or finds none. */
  binding?: Binding;
  /** Returns the real path of a file or directory; `undefined` if there is none. */
  realPath(path: string): string | undefined;
  /** Whether a package may be unpacked to a path: the path is missing, or an empty directory. */
  isFree(path: string): boolean;
  /** Returns 16 random hexadecimal digits. */
  random(): string;
}
