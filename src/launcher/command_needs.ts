/**
 * The needs of each command: parts of the home, paths of its command line, the network. Every row
 * was found by reading the command's code. Tests run each command with exactly these permissions.
 *
 * @module
 */

import { directoryOf, programFiles, resolvePath } from "../base/mod.ts";
import type { CommandLine } from "./command_line.ts";
import type { CommandName } from "./command_table.ts";
import {
  KEY_CHANGING,
  KEY_FLAGGING,
  KEY_PACKING,
  KEY_PUBLISHING,
  KEY_PUTTING,
  KEY_READING,
  KEY_REPLACING,
  type KeyUse,
} from "./key_uses.ts";

/**
 * A part of the home. A command with `tmp` may also create the home. `seed-read` and `store-read`
 * are the same directories without writing.
 */
export type HomePart =
  | "tmp"
  | "state"
  | "seed"
  | "seed-read"
  | "store"
  | "store-read"
  | "list-lock"
  | "searched"
  | "http-token"
  | "lock";

/**
 * The network that a command uses. `none`: no network. `control`: the control socket of a running
 * host. `host`: also the engine's thread, because the command may become the host itself.
 * `loopback`: 127.0.0.1. `loopbacks`: 127.0.0.1 and ::1.
 */
export type NetworkUse = "none" | "control" | "host" | "loopback" | "loopbacks";

/** A path outside of the home, and the reason for granting it. */
export interface NamedPath {
  path: string;
  why: string;
  /**
   * Whether the path is derived from the working directory or from another path, so that the user
   * may not know of it. The directory may come from a stranger, with a link at this path.
   */
  isDerived?: true;
}

/** The needs of a command. All paths are absolute. */
export interface Needs {
  /** Whether the command loads the settings. */
  settings: boolean;
  home: readonly HomePart[];
  network: NetworkUse;
  /**
   * Whether the command always needs an engine. The launcher then starts one before the command
   * asks for it.
   */
  engine?: true;
  /** Whether the command serves the HTTP page. */
  http?: true;
  /** Whether the command sends events to the address in the setting `webhook`. */
  webhook?: true;
  /** Whether the command opens the port itself, and sends packets to bootstrap nodes. */
  probes?: true;
  /** Uses of the key; absent if the command uses no key. */
  key?: readonly KeyUse[];
  /** Whether the command reads the lock files and links that refer to packages of the store. */
  roots?: true;
  reads: readonly NamedPath[];
  writes: readonly NamedPath[];
  /** The link outside of the store that the command makes. */
  link?: string;
  /** The directory to unpack to. */
  target?: string;
  /** The directories in which the command makes files. */
  outputs: readonly { directory: string; places: boolean }[];
}

/** Name of a project's lock file, in the working directory. `src/install` reads and writes it. */
export const PROJECT_LOCK_FILE = "libreseed.lock.json";

/** Facts besides the command line. */
export interface Surroundings {
  /** Working directory, absolute path. */
  cwd: string;
  /** The paths that standard input lists, for `publish -`. */
  stdinPaths: readonly string[];
  /** Absolute path of the compiled program; absent if libreseed runs from its sources. */
  program?: string;
}

/** The parts of the home that every host opens. */
const hostParts: readonly HomePart[] = ["tmp", "state", "seed", "lock"];

/** The parts of the home from which a command suggests names of known packages. */
const suggesting: readonly HomePart[] = ["state", "store-read"];

type Row = (line: CommandLine, at: Surroundings) => Partial<Needs>;

const rows: Record<CommandName, Row> = {
  keygen: () => ({ key: ["create it", "make an identity"] }),
  key: ({ args: [action], flags: { output } }, { cwd }) => {
    if (action === "encrypt" || action === "decrypt" || action === "root") {
      return { key: ["change the key files"] };
    }
    if (action === "backup") return { key: ["change the key files"], home: ["tmp", "state"] };
    if (action === "restore") return { key: ["restore the keys"], home: ["tmp", "state"] };
    if (action !== "certify" && action !== "rotate" && action !== "revoke") {
      return { key: ["tell the keys"], home: ["state"] };
    }
    if (action !== "certify") return host({ key: KEY_REPLACING });
    if (output === undefined) return host({ key: KEY_CHANGING });
    const file = resolvePath(cwd, output as string);
    return host({
      key: KEY_CHANGING,
      writes: [{ path: file, why: "the certificate to write" }],
      outputs: [{ directory: directoryOf(file), places: false }],
    });
  },
  pack: ({ args: [dir], flags: { out, dryRun } }, { cwd }) => ({
    reads: directory(cwd, dir!),
    ...(dryRun ? {} : {
      home: ["searched"],
      key: KEY_PACKING,
      ...packedTo(cwd, out as string | undefined),
    }),
  }),
  publish: ({ args, flags: { dryRun } }, { cwd, stdinPaths }) => {
    const paths = args.flatMap((one) => one === "-" ? stdinPaths : [one]);
    const reads = paths.flatMap((path) => archive(cwd, path));
    if (dryRun) return { reads };
    return {
      home: [...hostParts, "list-lock", "searched"],
      network: "host",
      engine: true,
      key: KEY_PUBLISHING,
      reads,
    };
  },
  yank: (_line, at) => host({ key: KEY_FLAGGING, ...suggests(at) }),
  deprecate: (_line, at) => host({ key: KEY_FLAGGING, ...suggests(at) }),
  tag: ({ args: [, tag] }, at) =>
    host({ key: tag === undefined ? KEY_READING : KEY_FLAGGING, ...suggests(at) }),
  seed: () => ({
    home: [...hostParts, "list-lock"],
    network: "host",
    engine: true,
    http: true,
    webhook: true,
    // With `http-publish`, the daemon may also sign; see `keyUsesOf`.
    key: KEY_READING,
  }),
  announce: (_line, at) => host({ ...suggests(at) }),
  resolve: (_line, at) => host({ key: KEY_READING, ...suggests(at) }),
  info: (_line, at) => host({ key: KEY_READING, ...suggests(at) }),
  get: ({ args: [what], flags: { output, file } }, at) => {
    const { reads } = suggests(at);
    const isFile = !/^magnet:/i.test(what!) && /\.(torrent|tgz)$/.test(what!);
    const named = isFile ? [{ path: resolvePath(at.cwd, what!), why: "the file to get" }] : [];
    // An archive is copied out of the seed directory only if its publisher is unknown.
    const isOutside = /^magnet:/i.test(what!) || what!.endsWith(".torrent");
    return host({
      key: KEY_READING,
      home: ["store-read"],
      reads: [...reads, ...named],
      ...(output === "-"
        ? {}
        : file !== undefined
        ? fileTo(at.cwd, file as string, output as string | undefined)
        : output !== undefined
        ? unpackedTo(at.cwd, output as string)
        : isOutside
        ? { outputs: [{ directory: at.cwd, places: true }] }
        : {}),
    });
  },
  install: ({ flags: { save } }, at) =>
    host({
      // A project whose lock file names installed packages needs no network.
      engine: undefined,
      key: KEY_READING,
      ...(save ? savedTo(at) : suggests(at)),
      home: ["state", "store"],
    }),
  uninstall: ({ flags: { save } }, at) => ({
    roots: true,
    ...suggests(at),
    ...(save ? savedTo(at) : {}),
    home: ["state", "store"],
  }),
  // The command first reads which packages are held. There may be none, so no engine is prepared.
  outdated: (_line, at) => host({ engine: undefined, key: KEY_READING, ...suggests(at) }),
  upgrade: ({ flags: { self, rollback } }, at) =>
    rollback
      ? { home: ["state", "lock"], ...programIn(at) }
      : self
      ? host({ engine: undefined, key: KEY_READING, ...programIn(at) })
      : host({
        engine: undefined,
        key: KEY_READING,
        ...savedTo(at),
        home: ["state", "store"],
      }),
  link: ({ args: [what], flags: { to } }, at) => {
    const name = nameIn(what!);
    const path = to ?? (name === undefined ? undefined : `node_modules/${name}`);
    return {
      ...suggests(at),
      home: ["state", "store"],
      ...(path === undefined ? {} : { link: resolvePath(at.cwd, path as string) }),
    };
  },
  store: ({ args: [action], flags: { repair } }, at) => ({
    ...suggests(at),
    home: ["state", "store", ...(repair ? ["seed-read"] as const : [])],
    ...(action === "prune" ? { roots: true } : {}),
  }),
  verify: ({ args }, { cwd }) => ({
    home: ["state"],
    reads: args.flatMap((path) => archive(cwd, path)),
  }),
  trust: (_line, at) => ({ ...suggests(at), home: ["tmp", ...suggesting] }),
  search: (_line, at) => ({ ...suggests(at), home: ["tmp", ...suggesting, "seed-read"] }),
  follow: () => host({ key: KEY_READING }),
  unfollow: () => ({ home: ["tmp", "state"] }),
  following: () => ({ home: ["tmp", "state"] }),
  manifest: ({ args: [action, what] }, at) => {
    if (action !== "put") return host({ key: KEY_READING, ...suggests(at) });
    const reads = [{ path: resolvePath(at.cwd, what!), why: "the minimal manifest to put" }];
    return host({ key: KEY_PUTTING, reads });
  },
  list: () => ({ home: ["seed-read"], network: "control" }),
  status: (_line, at) => ({ ...suggests(at), network: "control" }),
  add: ({ args: [file] }, { cwd }) => host({ reads: archive(cwd, file!) }),
  remove: (_line, at) => host({ key: KEY_READING, ...suggests(at) }),
  reload: () => ({ network: "control" }),
  stop: () => ({ home: ["lock"], network: "control" }),
  token: () => ({ home: ["http-token"] }),
  doctor: () => host({ engine: undefined, key: [...KEY_READING, "examine it"], probes: true }),
  testnet: ({ flags }) => ({ network: flags.ipv6 === true ? "loopbacks" : "loopback" }),
  completions: () => ({}),
  words: (_line, at) => ({ ...suggests(at), home: [...suggesting, "seed-read"] }),
  man: () => ({}),
  help: () => ({}),
  version: () => ({}),
};

/** Commands that load no settings, so that they read no config file either. */
const withoutSettings: readonly CommandName[] = [
  "testnet",
  "completions",
  "man",
  "help",
  "version",
];

/** Returns the needs of a command line. */
export function needsOf(line: CommandLine, at: Surroundings): Needs {
  const settings = !withoutSettings.includes(line.command);
  const needs = rows[line.command](line, at);
  return { settings, home: [], network: "none", reads: [], writes: [], outputs: [], ...needs };
}

/**
 * Whether the command reads the lock files and links that refer to packages of the store, so that
 * the launcher has to list them first.
 */
export function needsRoots(line: CommandLine): boolean {
  return line.command === "uninstall" || line.command === "store" && line.args[0] === "prune";
}

/**
 * Returns the key in the SSH agent that signs for this command line; `undefined` if none does.
 */
export function agentKeyIn({ flags: { key } }: CommandLine): string | undefined {
  return typeof key === "string" ? /^ssh-agent:(.+)$/.exec(key)?.[1] : undefined;
}

/** Whether the command reads a list of paths from standard input. */
export function readsPaths(line: CommandLine): boolean {
  return line.command === "publish" && line.args.includes("-");
}

/** Returns the needs of a command that borrows the engine of a host, or becomes the host itself. */
function host(needs: Partial<Needs>): Partial<Needs> {
  return {
    engine: true,
    ...needs,
    network: "host",
    home: [...hostParts, "list-lock", ...(needs.home ?? [])],
  };
}

function lockFile({ cwd }: Surroundings): NamedPath {
  return {
    path: resolvePath(cwd, PROJECT_LOCK_FILE),
    why: "the project's lock file",
    isDerived: true,
  };
}

function suggests(at: Surroundings): { home: readonly HomePart[]; reads: readonly NamedPath[] } {
  return { home: suggesting, reads: [lockFile(at)] };
}

function savedTo(at: Surroundings): Pick<Needs, "writes" | "outputs"> {
  return { writes: [lockFile(at)], outputs: [{ directory: at.cwd, places: false }] };
}

/** Returns the needs of replacing the program itself; none for a program that runs from its sources. */
function programIn({ program }: Surroundings): Partial<Needs> {
  if (program === undefined) return {};
  const { previous, note } = programFiles(program);
  return {
    writes: [
      { path: program, why: "the program itself" },
      { path: previous, why: "the program before the upgrade", isDerived: true },
      { path: note, why: "the version of the program before the upgrade", isDerived: true },
    ],
    outputs: [{ directory: directoryOf(program), places: false }],
  };
}

function directory(cwd: string, path: string): NamedPath[] {
  return [{ path: resolvePath(cwd, path), why: "the directory to pack" }];
}

/**
 * Returns an archive, and the minimal manifest and the torrent beside it; or a directory to pack.
 */
function archive(cwd: string, path: string): NamedPath[] {
  const file = resolvePath(cwd, path);
  return [
    { path: file, why: "the archive or directory that the command line names" },
    ...companions(file).map((path): NamedPath => {
      return { path, why: "the file beside the archive", isDerived: true };
    }),
  ];
}

/**
 * Returns the paths of an archive's minimal manifest and torrent, as `src/package` names them; none
 * for an archive whose name does not end in `.tgz`.
 */
export function companions(archive: string): string[] {
  if (!archive.endsWith(".tgz")) return [];
  const stem = archive.slice(0, -".tgz".length);
  return [`${stem}.minimal.json`, `${stem}.torrent`];
}

function packedTo(cwd: string, out: string | undefined): Partial<Needs> {
  if (out === undefined) return { outputs: [{ directory: cwd, places: true }] };
  const file = resolvePath(cwd, out);
  const why = "the archive to make";
  const beside = companions(file).map((path): NamedPath => ({ path, why, isDerived: true }));
  const writes = [{ path: file, why }, ...beside];
  return { writes, outputs: [{ directory: directoryOf(file), places: false }] };
}

/** Returns the needs of writing one file of a package: to `output`, else by its name in `cwd`. */
function fileTo(cwd: string, file: string, output: string | undefined): Partial<Needs> {
  const name = output ?? file.slice(file.lastIndexOf("/") + 1);
  // The command refuses a path that ends in no file name.
  if (["", ".", ".."].includes(name)) return {};
  const path = resolvePath(cwd, name);
  const isDerived = output === undefined ? { isDerived: true as const } : {};
  return {
    writes: [{ path, why: "the file to write", ...isDerived }],
    outputs: [{ directory: directoryOf(path), places: false }],
  };
}

function unpackedTo(cwd: string, output: string): Partial<Needs> {
  const target = resolvePath(cwd, output);
  return {
    target,
    outputs: [{ directory: directoryOf(target), places: false }],
  };
}

const KEY = /^(?:ed25519:.{44}|[0-9a-fA-F]{64})\//s;
const NAME_PART = "[a-z0-9][a-z0-9._-]{0,63}";
const NAME = new RegExp(`^((?:@${NAME_PART}/)?${NAME_PART})(?:@|$)`);

/** Returns the package's name in `[KEY/]NAME[@RANGE]`; `undefined` if there is no valid name. */
function nameIn(requirement: string): string | undefined {
  return NAME.exec(requirement.replace(KEY, ""))?.[1];
}
