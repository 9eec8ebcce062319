/**
 * `upgrade --self` and `upgrade --rollback`: the exchange of the program file itself.
 *
 * @module
 */

import { dirname } from "node:path";
import {
  BUILT_IN_PUBLISHER,
  homePaths,
  isThere,
  PROGRAM_PACKAGE,
  programFileName,
  type ProgramFiles,
  programFiles,
  STATE_SCHEMA_VERSION,
  version,
} from "../../base/mod.ts";
import type { ReadBeginning, WantedBeginning } from "../../fetching/mod.ts";
import type { OpenedFile } from "../../package/mod.ts";
import type { CommandEnvironment } from "../flags/command.ts";
import { CliError } from "../process/errors.ts";
import { DownloadBar } from "../terminal/download_bar.ts";
import { type Network, withNames, withNode } from "./with_node.ts";

/**
 * Replaces this program by the newest version that the publisher of libreseed offers.
 *
 * @param from key of the publisher in its written form; default: the one that is built in
 * @throws {CliError} `PROGRAM_FIXED`, `NO_BUILT_IN_PUBLISHER`; the errors of resolving and fetching
 */
export async function upgradeProgram(
  given: CommandEnvironment,
  from: string | undefined,
): Promise<void> {
  const { io, output } = given;
  const files = filesOf(io.program);
  const publicKey = await publisherKey(from);
  const { getHighestAvailable, isHigherVersion } = await import("../../fetching/mod.ts");
  const { resolveByName } = await import("../../names/mod.ts");
  const { Staging } = await import("../../package/mod.ts");
  const { fileError } = await import("../../store/mod.ts");
  const directory = dirname(files.program);
  // Made first, so that a directory that cannot be written to is noticed before the download.
  const staging = await Staging.create(io.stagingFor(directory)).catch((cause) => {
    throw fileError(cause, "write", directory);
  });
  try {
    await withNode(given, (network) =>
      withNames(given, network, async (names) => {
        output.step(`looking for ${PROGRAM_PACKAGE}`);
        const { found: { minimal }, got: isReplaced } = await getHighestAvailable({
          range: undefined,
          resolve: (without) => resolveByName(names, { publicKey, name: PROGRAM_PACKAGE }, without),
          get: async (found) => {
            if (!isHigherVersion(found.minimal.version, version)) return false;
            await replaceBy(given, network, found, files, () => staging.next());
            return true;
          },
          onSkipped: names.onSkipped,
        });
        if (!isReplaced) {
          output.notice(`libreseed ${version} is up to date; ${minimal.version} is offered`);
          return;
        }
        const { program: path, previous } = files;
        const { name, version: newer, pubkey: publisher } = minimal;
        output.result(
          { name, publisher, before: version, version: newer, path, previous },
          `libreseed ${version} → ${newer}`,
        );
        output.notice(
          `a daemon that runs goes on with libreseed ${version} until it is started again ` +
            "(`libreseed stop`, then `libreseed seed`); `libreseed upgrade --rollback` goes back",
        );
      }));
  } finally {
    await staging[Symbol.asyncDispose]();
  }
}

/**
 * Restores the program before the last upgrade, and the copy of `state.db` that belongs to it.
 *
 * @throws {CliError} `PROGRAM_FIXED`, `HOME_IN_USE` (kind `in-use`); the errors of `rollBack`
 */
export async function rollBackProgram(given: CommandEnvironment): Promise<void> {
  const { io, output, settings } = given;
  const files = filesOf(io.program);
  const { home } = (await settings()).values;
  const { lockHolder, tryLockHome } = await import("../../control/mod.ts");
  const { rollBack } = await import("../../store/mod.ts");
  const paths = homePaths(home);
  // A home that is not there has no state and no daemon, and is not made.
  const lock = await isThere(paths.state) ? await tryLockHome(paths.lock) : "no home";
  if (lock === undefined) {
    const pid = await lockHolder(paths.lock);
    const message =
      `The home ${home} is in use by ${pid ? `process ${pid}` : "another process"}, ` +
      "and nothing was changed. End it first: `libreseed stop`";
    throw new CliError("in-use", "HOME_IN_USE", message, { detail: { home, pid } });
  }
  try {
    const { version: restored, stateMovedTo } = await rollBack(files, paths.state);
    const name = restored ?? "the program before";
    output.result(
      { before: version, version: restored, path: files.program, stateMovedTo },
      `libreseed ${version} → ${name}`,
    );
    if (stateMovedTo !== undefined) {
      output.notice(
        `state.db is the copy from before the upgrade; the newer one is kept as ${stateMovedTo}`,
      );
    } else if (restored === undefined) {
      output.notice(
        "its schema of state.db is not known, so state.db was left as it is; if the program refuses it " +
          "(STATE_NEWER), put state.db.before-N in its place",
      );
    }
  } finally {
    if (lock !== "no home") lock.release();
  }
}

/** Returns the paths of the program's files, if this program can replace itself. */
function filesOf(program: string | undefined): ProgramFiles {
  if (program === undefined) {
    const message =
      "This libreseed runs from its sources, so there is no program file to replace: " +
      "upgrade the sources, or use a compiled program";
    throw new CliError("failed", "PROGRAM_FIXED", message);
  }
  if (Deno.build.os === "windows") {
    const message =
      `Windows does not let ${program} be replaced while it runs: put the new program ` +
      "there by hand";
    throw new CliError("failed", "PROGRAM_FIXED", message, { detail: { program } });
  }
  return programFiles(program);
}

async function publisherKey(from: string | undefined): Promise<Uint8Array> {
  const { parsePublicKey } = await import("../../identity/mod.ts");
  const text = from ?? BUILT_IN_PUBLISHER;
  if (text !== "") return parsePublicKey(text);
  const message =
    "This build of libreseed names no publisher of libreseed: name the one that you " +
    "trust with --from KEY";
  throw new CliError("usage", "NO_BUILT_IN_PUBLISHER", message);
}

/** Fetches the program for this machine out of a release, and puts it in the place of this program. */
async function replaceBy(
  { io, output }: CommandEnvironment,
  network: Network,
  wanted: WantedBeginning,
  files: ProgramFiles,
  stagedPath: () => string,
): Promise<void> {
  const { fetchFile } = await import("../../fetching/mod.ts");
  const { replaceProgram } = await import("../../store/mod.ts");
  const file = programFileName(Deno.build.target);
  const { name, version: newer } = wanted.minimal;
  const bar = new DownloadBar(output, io.clock);
  output.step(`fetching ${file} of ${name}@${newer}`);
  const bytes: AsyncGenerator<Uint8Array, ReadBeginning<OpenedFile>> = fetchFile(
    network,
    wanted,
    file,
    {
      onDetail: (message) => output.detail(message),
      onProgress: (progress) => bar.update("", `${name}@${newer}`, progress),
    },
  );
  const old = { version, stateSchema: STATE_SCHEMA_VERSION };
  await replaceProgram(files, bytes, old, stagedPath).finally(() => bar.end(""));
}
