/**
 * Runs one command after its flags are parsed: provides settings and output, and turns a thrown
 * error into a message and an exit code.
 *
 * @module
 */

import { fromUtf8, homePaths, LibreseedError, outOfReach } from "../base/mod.ts";
import { type LoadedSettings, loadSettings } from "../config/mod.ts";
import type { CommandDefinition, CommandEnvironment } from "./flags/command.ts";
import { type OutputFlags, settingsFromFlags } from "./flags/common_flags.ts";
import { homeUseOf, requireHome } from "./flags/home_use.ts";
import { CliError } from "./process/errors.ts";
import { exitCodeOfError, exitCodeOfSignal, exitCodes } from "./process/exit_codes.ts";
import type { LazyState } from "../store/mod.ts";
import type { withNearestName } from "./running/known_names.ts";
import { Output } from "./terminal/output.ts";

/** Maximum size of the config file, in bytes. */
const maxConfigBytes = 2 ** 20;

/** Runs a command whose flags are parsed. Resolves to its exit code, and never rejects. */
export async function runCommand(
  command: CommandDefinition,
  flags: Readonly<Record<string, unknown>>,
  args: readonly unknown[],
  { io, cli, commands }: Pick<CommandEnvironment, "io" | "cli" | "commands">,
): Promise<number> {
  const { json, quiet, verbose } = flags as OutputFlags;
  const output = new Output({
    stdout: io.stdout,
    stderr: io.stderr,
    env: io.env,
    clock: io.clock,
    json,
    quiet,
    verbose,
  });
  let loaded: Promise<LoadedSettings> | undefined;
  const load = async ({ anew } = { anew: true }) => {
    const given = settingsFromFlags(flags, command.ownFlags);
    const isKnown = !anew && io.settings &&
      JSON.stringify(io.settings.flags) === JSON.stringify(given);
    const settings = isKnown ? io.settings!.loaded : await loadSettings({
      flags: given,
      env: io.env,
      cwd: io.cwd,
      userHome: io.userHome,
      readFile: async (path) => {
        const bytes = await io.readFile(path, maxConfigBytes);
        return bytes && textOf(bytes);
      },
    });
    const needsHome = homeUseOf(command.home, args) === "existing" &&
      !(command.dryRunNeedsNoHome && flags.dryRun);
    if (needsHome) await requireHome(settings, io.launcher);
    if (homeUseOf(command.home, args) === "created") await warnOfLinks(settings);
    return settings;
  };
  let isWarned = false;
  /** Warns once of links that lead out of the home, before the command writes in it. */
  const warnOfLinks = async ({ values: { home, dir } }: LoadedSettings) => {
    if (isWarned) return;
    isWarned = true;
    const { linksAtStart } = await import("../launcher/mod.ts");
    for (const { path, what, mend } of await linksAtStart(home, dir)) {
      output.warning(`${path} is ${what}, which leads out of the home: ${mend}`);
    }
  };
  const settings = ({ anew } = { anew: false }) => {
    if (anew) loaded = undefined;
    return loaded ??= load({ anew });
  };
  let opened: Promise<LazyState> | undefined;
  const state = async () =>
    (await (opened ??= settings().then(async (loaded) => {
      const { values } = loaded;
      await warnOfLinks(loaded);
      const { LazyState } = await import("../store/mod.ts");
      return new LazyState(homePaths(values.home).state, io.clock, (text) => output.warning(text));
    }))).open;
  try {
    if (quiet && verbose) {
      throw new CliError("usage", "BAD_ARGUMENTS", "-q and -v contradict each other: give one");
    }
    const code = await command.run({
      flags: { ...flags },
      args,
      output,
      io,
      settings,
      state,
      cli,
      commands,
    });
    return code ?? exitCodes.done;
  } catch (error) {
    if (io.interruptedBy) {
      // The error is a consequence of the signal that aborted the command, so it is not printed.
      output.detail(`ended by ${io.interruptedBy}`);
      return exitCodeOfSignal(io.interruptedBy);
    }
    const shown = permissionError(error) ??
      await withSuggestion(error, { settings: load, state, io });
    output.error(shown);
    return exitCodeOfError(shown);
  } finally {
    (await opened?.catch(() => undefined))?.[Symbol.dispose]();
    output.close();
  }
}

/**
 * Adds a suggestion ("Did you mean …?") to an error about an unknown package name. Any other error
 * is returned unchanged, and the modules for suggestions are not loaded.
 */
async function withSuggestion(
  error: unknown,
  given: Parameters<typeof withNearestName>[1],
): Promise<unknown> {
  if (!(error instanceof LibreseedError) || error.detail?.unknownName === undefined) return error;
  const { withNearestName } = await import("./running/known_names.ts");
  return await withNearestName(error, given);
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch (cause) {
    throw new CliError("usage", "FILE_INVALID", "it is not UTF-8", { cause });
  }
}

/**
 * Converts an error by which Deno denies access to a path into an error with a clearer message;
 * `undefined` for any other error.
 */
function permissionError(cause: unknown): CliError | undefined {
  const reach = outOfReach(cause);
  if (!reach) return undefined;
  const message = `cannot access ${reach.path}: ${reach.why}`;
  return new CliError("failed", "FILE_INVALID", message, { cause });
}
