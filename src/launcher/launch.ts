/**
 * Runs a command line in a thread of its own, with the permissions that this command line needs.
 *
 * @module
 */

import {
  type Binding,
  findBinding,
  fromUtf8,
  homePaths,
  resolvePath,
  systemClock,
  toHex,
  utf8,
} from "../base/mod.ts";
import { type LoadedSettings, loadSettings, type Settings } from "../config/mod.ts";
import { examineBinding } from "./binding_watch.ts";
import { type CommandLine, scanCommandLine } from "./command_line.ts";
import { agentKeyIn, needsRoots, readsPaths } from "./command_needs.ts";
import { runCommandThread } from "./command_thread.ts";
import { prepareEngine } from "./engine_thread.ts";
import { LauncherError, refusal } from "./errors.ts";
import {
  GIVEN_UP_AT_START,
  GIVEN_UP_WHEN_SETTLED,
  giveUp,
  grantedRequests,
} from "./granted_requests.ts";
import { realPathNow, realPathOf } from "./grant_list.ts";
import { grantsFor } from "./grants.ts";
import { type KeyOptions, localRequests } from "./local_requests.ts";
import { rootsOf } from "./roots.ts";
import { pathsIn, readStdin } from "./stdin_paths.ts";
import { sweepStagings } from "./sweeping.ts";
import { homeDirectory } from "./user_home.ts";

/** Environment variables that commands read, besides those that begin with `LIBRESEED_`. */
const READ_VARIABLES: readonly string[] = [
  "JOURNAL_STREAM",
  "NO_COLOR",
  "SOURCE_DATE_EPOCH",
  "TERM",
];
/** The variable that names the file with a passphrase, which only the launcher reads. */
const PASSPHRASE_FILE = "LIBRESEED_PASSPHRASE_FILE";
/** Maximum size of the config file, in bytes. */
const MAX_CONFIG_BYTES = 2 ** 20;
/** Number of random bytes in the name of a staging path. */
const RANDOM_BYTES = 8;
/** Directory of the sources, which the thread reads if the program is not compiled. */
const SOURCES = new URL("../../", import.meta.url);

/** Facts about the process, which `main.ts` hands in. */
export interface Launch {
  /** The arguments, without the program's name. */
  args: readonly string[];
  /** All environment variables. */
  variables: Record<string, string>;
  /** The file with the code of the command thread. */
  code: URL;
  /** Ends the process at once. */
  exit(code: number): never;
}

/** Runs a command line and resolves to its exit code. */
export async function launch({ args, variables, code, exit }: Launch): Promise<number> {
  const userHome = homeDirectory(variables.HOME);
  const env = variablesOf(variables);
  const cwd = Deno.cwd();
  const line = scanCommandLine(args);
  const program = Deno.build.standalone ? Deno.execPath() : undefined;
  const loaded = line && await settingsOf(line, { env, cwd, userHome });
  const stdin = line && readsPaths(line) ? await readStdin(Deno.stdin.readable) : undefined;
  const grants = grantsFor({
    line,
    settings: loaded,
    configPath: line && await configPathOf(loaded, line, { env, cwd, userHome }),
    roots: line && needsRoots(line) && loaded && isKnown(loaded)
      ? rootsOf(homePaths(loaded.values.home).packages)
      : undefined,
    cwd,
    userHome,
    program,
    stdinPaths: stdin && pathsIn(stdin, line?.flags.null === true ? "\0" : "\n"),
    binding: loaded && bindingOf(loaded.values),
    realPath: realPathNow,
    isFree,
    random: () => toHex(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES))),
  });
  await sweepStagings(grants.staging.keys());
  const engineOptions = async (find: (dir: string) => string | Promise<string>) => {
    if (!grants.wantsEngine || !loaded) throw refusal("start an engine");
    const { port, dir, allowLocal, bind } = loaded.values;
    const { mapsPort, watchesAddresses, lan } = grants;
    const seedDirectory = await find(dir);
    const { webhook } = grants;
    const options = { port, seedDirectory, allowLocal, mapsPort, watchesAddresses, lan, webhook };
    if (bind === undefined) return options;
    const found = await examineBinding(bind);
    // The command has found the addresses a moment ago.
    if ("problem" in found) throw new LauncherError("failed", "BIND_LOST", found.problem);
    return { ...options, binding: found.binding, bindingState: found.state };
  };
  const isPrepared = grants.preparesEngine && loaded && isHostless(loaded);
  // The command may still have to make the seed directory. If its real path then is another one, the
  // prepared thread is not used.
  const expected = (dir: string) => realPathOf(dir, realPathNow);
  const optionsNow = isPrepared ? await engineOptions(expected).catch(() => undefined) : undefined;
  const running = runCommandThread({
    code,
    permissions: Deno.build.standalone ? grants.permissions : withSources(grants.permissions),
    start: {
      args,
      cwd,
      userHome,
      program,
      env,
      staging: grants.staging,
      databases: grants.databases,
      grants: line?.command === "doctor" ? grants.why : [],
      stdin,
      settings: loaded && isKnown(loaded) ? { flags: line!.settings, loaded } : undefined,
    },
    requests: grantedRequests(grants, localRequests(keyOptions(line, variables, cwd))),
    helperGrants: grants.permissions,
    engineOptions: () => engineOptions(Deno.realPath),
    prepareEngine: () => optionsNow && prepareEngine(optionsNow),
    clock: systemClock,
    say: (line) => void Deno.stderr.writeSync(utf8(`${line}\n`)),
    exit,
  });
  // The launcher revokes them only now, because a thread cannot have what its parent has revoked.
  giveUp(...GIVEN_UP_AT_START, ...(grants.wantsEngine ? [] : GIVEN_UP_WHEN_SETTLED));
  return await running;
}

/** Returns what the keys' code needs to know of the process. */
function keyOptions(
  line: CommandLine | undefined,
  variables: Record<string, string>,
  cwd: string,
): KeyOptions {
  const { SSH_AUTH_SOCK: agentSocket, [PASSPHRASE_FILE]: file } = variables;
  return {
    own: Deno.uid(),
    agentSocket,
    agentKey: line && agentKeyIn(line),
    passphraseFile: file === undefined || file === "" ? undefined : resolvePath(cwd, file),
  };
}

/** Returns the addresses that the setting `bind` stands for, if it finds some. */
function bindingOf({ bind }: Settings): Binding | undefined {
  const found = bind === undefined ? undefined : findBinding(bind, Deno.networkInterfaces());
  return found && !("problem" in found) ? found : undefined;
}

/** Returns the variables that a command reads, and no other. */
function variablesOf(all: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(all).filter(([name]) =>
      name.startsWith("LIBRESEED_") && name !== PASSPHRASE_FILE || READ_VARIABLES.includes(name)
    ),
  );
}

/**
 * Loads the settings; `undefined` if they are invalid. The command loads them again, and reports
 * the error if it needs the settings.
 */
async function settingsOf(
  line: CommandLine,
  given: { env: Record<string, string>; cwd: string; userHome: string | undefined },
): Promise<LoadedSettings | undefined> {
  try {
    return await loadSettings({
      flags: line.settings,
      ...given,
      readFile: (path) => Promise.try(readConfig, path),
    });
  } catch {
    return undefined;
  }
}

function readConfig(path: string): string | undefined {
  try {
    // Nothing else waits meanwhile, and asynchronous calls would start threads for the files.
    const { isFile, size } = Deno.statSync(path);
    // Check the file type before opening the file: opening a FIFO would block until a writer opens
    // it.
    if (!isFile || size > MAX_CONFIG_BYTES) throw new Error(`cannot read ${path}`);
    return fromUtf8(Deno.readFileSync(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Whether the home is known. Reading the setting throws if the home is unknown. */
function isKnown({ configPath }: LoadedSettings): boolean {
  return configPath !== "";
}

/** Returns the path of the config file, also if other settings are invalid. */
async function configPathOf(
  loaded: LoadedSettings | undefined,
  line: CommandLine,
  given: { env: Record<string, string>; cwd: string; userHome: string | undefined },
): Promise<string | undefined> {
  const { home } = line.settings;
  const variable = given.env.LIBRESEED_HOME;
  const { configPath } = loaded ?? await loadSettings({
    flags: home === undefined ? {} : { home },
    ...given,
    env: variable === undefined ? {} : { LIBRESEED_HOME: variable },
    readFile: () => Promise.resolve(undefined),
  }).catch(() => ({ configPath: "" }));
  return configPath === "" ? undefined : configPath;
}

/** Whether no process seems to be the host of the home, so that the command becomes the host. */
function isHostless({ values }: LoadedSettings): boolean {
  return realPathNow(homePaths(values.home).control) === undefined;
}

function isFree(path: string): boolean {
  try {
    return Deno.readDirSync(path)[Symbol.iterator]().next().done === true;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}

/** Adds the permission to read the sources, from which an uncompiled program loads its modules. */
function withSources(
  permissions: Deno.PermissionOptionsObject,
): Deno.PermissionOptionsObject {
  const read = Array.isArray(permissions.read) ? permissions.read : [];
  return { ...permissions, read: [...read, resolvePath(SOURCES.pathname)] };
}
