/**
 * Runs one command whose flags are parsed: gives it its settings and its output, and turns what it
 * throws into a message and an exit code.
 *
 * @module
 */

import { fromUtf8, LibreseedError, outOfReach } from "../base/mod.ts";
import { type LoadedSettings, loadSettings } from "../config/mod.ts";
import type { CommandDefinition } from "./flags/command.ts";
import { type OutputFlags, settingsFromFlags } from "./flags/common_flags.ts";
import { homeUseOf, requireHome } from "./flags/home_use.ts";
import type { Io } from "./process/context.ts";
import { CliError } from "./process/errors.ts";
import { exitCodeOfError, exitCodeOfSignal, exitCodes } from "./process/exit_codes.ts";
import type { withNearestName } from "./running/known_names.ts";
import { Output } from "./terminal/output.ts";

/** Beyond any config file, within what may be read at once. */
const maxConfigBytes = 2 ** 20;

/** Runs it; resolves to the exit code. Never rejects. */
export async function runCommand(
  command: CommandDefinition,
  flags: Readonly<Record<string, unknown>>,
  args: readonly unknown[],
  io: Io,
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
  const load = async () => {
    const settings = await loadSettings({
      flags: settingsFromFlags(flags, command.ownFlags),
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
    if (needsHome) await requireHome(settings);
    return settings;
  };
  try {
    if (quiet && verbose) {
      throw new CliError("usage", "BAD_ARGUMENTS", "-q and -v contradict each other: give one");
    }
    const code = await command.run({
      flags: { ...flags },
      args,
      output,
      io,
      settings: ({ anew } = { anew: false }) => {
        if (anew) loaded = undefined;
        return loaded ??= load();
      },
      cli: async (more) => (await import("./run.ts")).runCli(more, io),
    });
    return code ?? exitCodes.done;
  } catch (error) {
    if (io.interruptedBy) {
      // Whatever was thrown, it was thrown because somebody asked us to end.
      output.detail(`ended by ${io.interruptedBy}`);
      return exitCodeOfSignal(io.interruptedBy);
    }
    const shown = refused(error) ?? await nearby(error, { settings: load, io, output });
    output.error(shown);
    return exitCodeOfError(shown);
  } finally {
    output.close();
  }
}

/** With a name that may have been meant; what that needs is loaded only for such an error. */
async function nearby(
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

/** What Deno refused because of where it is, in our words. */
function refused(cause: unknown): CliError | undefined {
  const reach = outOfReach(cause);
  if (!reach) return undefined;
  const message = `${reach.path} is out of reach: ${reach.why}`;
  return new CliError("failed", "FILE_INVALID", message, { cause });
}
