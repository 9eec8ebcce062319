/**
 * `libreseed publish PATH… | -`: packs directories, stores the archives, and puts their records
 * into the DHT.
 *
 * @module
 */

import { basename, join } from "node:path";
import { delay, errorToData, homePaths } from "../../base/mod.ts";
import type { Signer } from "../../identity/mod.ts";
import type { ListOptions } from "../../package/mod.ts";
import type { PublishContext, Published, Ready } from "../../publishing/mod.ts";
import {
  agentKeyFlag,
  allowSecretFlag,
  type CommandRun,
  defineCommand,
  switchFlag,
  textArgument,
  textFlag,
  webSeedFlag,
} from "../flags/command.ts";
import { archiveSettings, networkSettings, transferSettings } from "../flags/common_flags.ts";
import { sourceDateEpoch } from "../flags/source_date_epoch.ts";
import { CliError, errorAbout } from "../process/errors.ts";
import { combineExitCodes, exitCodeOfError, exitCodes } from "../process/exit_codes.ts";
import { readPaths } from "../process/stdin.ts";
import { compareClock } from "../running/clock_warning.ts";
import { printContents, printSummary } from "../running/contents.ts";
import { neverPacked } from "../running/never_packed.ts";
import { publisherSigner } from "../running/publisher_key.ts";
import { type Network, withNames, withNode } from "../running/with_node.ts";
import { formatDuration } from "../terminal/format.ts";
import { ListUpdates } from "../running/list_updates.ts";
import { webSeedsOf } from "../running/web_seeds.ts";
import type { Output, Progress } from "../terminal/output.ts";

type Flags = {
  name?: string;
  version?: string;
  seedFor?: string;
  null?: boolean;
  includeIgnored?: boolean;
  dryRun?: boolean;
  allowSecret?: readonly string[];
  webSeed?: readonly string[];
  key?: string;
  tag?: string;
};
type Run = CommandRun<Flags, string[]>;

export default defineCommand<Flags, string[]>({
  description:
    "PATH is a directory to pack, or an archive. With - the paths are read from standard input. " +
    "Prints NAME@VERSION, a tab and the magnet link for each. The link names the publisher; an " +
    "infohash alone finds only who announces the archive itself. The archive stays in the seed " +
    "directory; a running `libreseed seed` seeds it at once.",
  examples: [
    "libreseed publish ./my-tool",
    "libreseed publish --dry-run ./my-tool",
    "find . -name package.json -printf '%h\\0' | libreseed publish -0 -",
  ],
  settings: ["home", "dir", ...networkSettings, ...archiveSettings, ...transferSettings],
  home: "existing",
  dryRunNeedsNoHome: true,
  parameters: {
    flags: {
      name: textFlag("NAME", "Name of the package"),
      version: textFlag("VERSION", "Version of the package"),
      seedFor: textFlag("DURATION", "Without a daemon, seed the package for this time"),
      includeIgnored: switchFlag("Also pack files that ignore files and lists exclude"),
      dryRun: switchFlag("Only list the files that would be published"),
      allowSecret: allowSecretFlag,
      webSeed: webSeedFlag,
      key: agentKeyFlag,
      tag: textFlag("TAG", "Set this tag to the published version, as in NAME@TAG"),
      null: switchFlag("With -: paths are separated by NUL, as `find -print0` prints them"),
    },
    positional: {
      kind: "array",
      parameter: textArgument("PATH", "Directory or archive, or - for standard input"),
      minimum: 1,
    },
  },
  async run(given) {
    const { flags, io, output } = given;
    const paths = await pathsOf(given);
    const seedForMs = await durationOf(flags.seedFor);
    const epoch = sourceDateEpoch(io.env.SOURCE_DATE_EPOCH);
    if (paths.length === 0) return output.notice("nothing to publish");
    const { values } = await given.settings();
    const { name, version, tag } = flags;
    let keys: Promise<Signer> | undefined;
    const signer = () => keys ??= publisherSigner(io, values.home, flags.key, output);
    // Report a missing path early, before an engine is started.
    if (paths.length === 1 && !flags.dryRun) await refuseMissing(paths[0]!);
    const webSeeds = webSeedsOf(flags.webSeed, values, paths.length);
    // The launcher reads the key while this thread loads its code. A tag is checked first.
    if (tag === undefined && !flags.dryRun) signer().catch(() => {});
    const { archiveLimitsOf } = await import("../../package/mod.ts");
    const { changeOf, checkTag, prepare, publish, unfinished, updateAnnounceRecord } = await import(
      "../../publishing/mod.ts"
    );
    const { rememberPublisher } = await import("../../names/mod.ts");
    if (tag !== undefined) checkTag(tag);
    const choice = {
      name,
      version,
      leaveOut: flags.includeIgnored ? "nothing" : "rules",
      neverPack: neverPacked(values, io),
      describe: io.launcher.describe,
      allowSecrets: flags.allowSecret,
    } as const;
    if (flags.dryRun) {
      return await listAll(given, paths, { ...choice, limits: archiveLimitsOf(values) });
    }
    await signer();
    // All packages share one secret detector, because building its automaton takes some
    // milliseconds.
    const { createSecretDetector } = await import("../../package/mod.ts");
    const detector = await createSecretDetector();
    const { searched: searchedPath } = homePaths(values.home);
    await using early = new EarlyPreparation();
    const work = async (network: Network) => {
      const codes: number[] = [];
      const published: Published[] = [];
      const failed = (error: unknown, count = 1, path?: string) => {
        io.signal.throwIfAborted();
        if (paths.length === 1) throw error;
        // With several paths, an error about one path is reported, and the next path is published.
        output.error(path === undefined ? error : errorAbout(path, error));
        for (let i = 0; i < count; i++) codes.push(exitCodeOfError(error));
      };
      await using _ = compareClock(given, network);
      const context = { ...contextOf(given, network, epoch), detector, searchedPath };
      const updates = new ListUpdates(io.clock, async (some) => {
        const minimals = some.map(({ minimal }) => minimal);
        const change = changeOf({ webSeeds, tag }, minimals);
        try {
          await updateAnnounceRecord(context, await signer(), minimals, io.clock.now(), change);
        } catch (error) {
          throw unfinished(error, minimals.map(({ name, version }) => `${name}@${version}`));
        }
      }, (result) => {
        published.push(result);
        printPublished(given, result);
        codes.push(exitCodes.done);
      }, failed);
      for (const path of paths) {
        try {
          const request = { path, signer, webSeeds, tag, ...choice };
          const result = await publish(context, request, early.take());
          // Pin this home's own key, so that the name resolves to its own publisher here.
          await withNames(given, network, async (names) => {
            const { parsePublicKey } = await import("../../identity/mod.ts");
            const publicKey = parsePublicKey(result.minimal.pubkey);
            rememberPublisher(
              { ...names, onNotice: undefined },
              result.minimal,
              publicKey,
              "exact",
            );
          });
          await updates.take(result);
        } catch (error) {
          failed(error, 1, path);
        }
      }
      await updates.flush();
      const { daemon, announcing } = network.node.status;
      if (published.length > 0 && !daemon) {
        if (seedForMs !== undefined) await seedFor(given, network, published, seedForMs);
        else output.notice("not seeded yet: run `libreseed seed`");
      } else if (published.length > 0 && announcing && announcing.unannounced > 0) {
        output.notice(
          "this home has more versions than announce-budget can announce: other BitTorrent clients, and " +
            "magnet links without the publisher, find a version while it is the newest, or for a day",
        );
      }
      return combineExitCodes(codes);
    };
    const meanwhile = ({ seeds, limits }: Pick<Network, "seeds" | "limits">) => {
      const { clock, signal } = io;
      early.begin((ended) =>
        prepare({
          seeds,
          clock,
          limits,
          detector,
          sourceDateEpoch: epoch,
          startThread: io.launcher.startHelper,
          searchedPath,
          signal: AbortSignal.any([signal, ended]),
          ...progressListeners(output),
        }, { path: paths[0]!, signer, webSeeds, ...choice })
      );
    };
    return await withNode(given, work, { meanwhile });
  },
});

/** Prepares the first archive while the engine starts, to save time. */
class EarlyPreparation implements AsyncDisposable {
  readonly #ended = new AbortController();
  #ready: Promise<Ready> | undefined;

  begin(prepare: (ended: AbortSignal) => Promise<Ready>): void {
    this.#ready = prepare(this.#ended.signal);
    // Avoid an unhandled rejection: the error is thrown to the caller of `take`.
    this.#ready.catch(() => {});
  }

  /**
   * Returns the prepared archive at the first call, `undefined` afterwards. The caller must dispose
   * of the archive.
   */
  take(): Promise<Ready> | undefined {
    const ready = this.#ready;
    this.#ready = undefined;
    return ready;
  }

  /**
   * If `take` was never called (the engine did not start), cancels the preparation and deletes the
   * archive.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const ready = this.take();
    if (!ready) return;
    this.#ended.abort();
    await ready.then((one) => one[Symbol.asyncDispose](), () => {});
  }
}

/** Lists the files that would be published for each path (`--dry-run`). */
async function listAll(
  { io: { signal }, output }: Run,
  paths: string[],
  options: Omit<ListOptions, "dir">,
) {
  const { contentsOf } = await import("../../publishing/mod.ts");
  const codes: number[] = [];
  for (const path of paths) {
    try {
      printContents(output, await contentsOf({ ...options, dir: path, signal }), path);
      codes.push(exitCodes.done);
    } catch (error) {
      signal.throwIfAborted();
      if (paths.length === 1) throw error;
      output.error(errorAbout(path, error));
      codes.push(exitCodeOfError(error));
    }
  }
  return combineExitCodes(codes);
}

/**
 * Returns listeners that print the progress of packing: steps, contents, and a progress bar for
 * each path.
 */
function progressListeners(
  output: Output,
): Pick<PublishContext, "onStep" | "onContents" | "onProgress"> {
  const bars = new Map<string, Progress>();
  const barOf = (path: string) => {
    const bar = bars.get(path) ?? output.progress(basename(path));
    bars.set(path, bar);
    return bar;
  };
  return {
    onStep: (message) => output.step(message),
    onContents: (contents) => printSummary(output, contents),
    onProgress: (path, { doneBytes, totalBytes }) => barOf(path).update({ doneBytes, totalBytes }),
  };
}

async function durationOf(text: string | undefined): Promise<number | undefined> {
  if (text === undefined) return undefined;
  const { parseDuration } = await import("../../config/mod.ts");
  try {
    return parseDuration(text);
  } catch (error) {
    throw errorAbout("--seed-for", error);
  }
}

async function pathsOf({ args, flags, io }: Run): Promise<string[]> {
  const paths: string[] = [];
  for (const arg of args) {
    if (arg !== "-") paths.push(arg);
    else for await (const path of readPaths(io.stdin, flags.null ? "\0" : "\n")) paths.push(path);
  }
  const one = flags.name ?? flags.version;
  if (paths.length > 1 && one !== undefined) {
    throw new CliError(
      "usage",
      "BAD_ARGUMENTS",
      "--name and --version apply to one package, but several paths are given",
    );
  }
  return paths;
}

function contextOf(
  { io, output }: Run,
  { operations, seeds, limits, trust, onVerified, listed }: Network,
  sourceDateEpoch: number | undefined,
): PublishContext {
  return {
    operations,
    seeds,
    trust,
    clock: io.clock,
    limits,
    sourceDateEpoch,
    startThread: io.launcher.startHelper,
    signal: io.signal,
    onVerified,
    listed,
    listsLater: true,
    ...progressListeners(output),
    onNotice: (message) => output.notice(message),
    onWarning: (message) => output.warning(message),
  };
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function refuseMissing(path: string): Promise<void> {
  try {
    await Deno.stat(path);
  } catch (error) {
    const { nothingToPublish } = await import("../../publishing/mod.ts");
    throw error instanceof Deno.errors.NotFound ? nothingToPublish(path, error) : error;
  }
}

function printPublished(
  { output }: Run,
  { minimal, magnet, webSeeds, archivePath, outcome, seeding }: Published,
) {
  const { name, version } = minimal;
  output.notice(`${name}@${version}: the record is on ${outcome.holding} nodes`);
  output.result({
    name,
    version,
    publisher: minimal.pubkey,
    magnet,
    ...(webSeeds.length > 0 && { webSeeds }),
    path: archivePath,
    infohash: minimal.btih,
    sha256: minimal.archiveSha256.slice("sha256:".length),
    holding: outcome.holding,
    weak: outcome.weak,
    seeding,
  }, `${name}@${version}\t${magnet}`);
}

async function seedFor(
  { io, output }: Run,
  { operations, seeds }: Network,
  published: Published[],
  seedForMs: number,
): Promise<void> {
  for (const { archivePath } of published) {
    await operations.add({ fileName: basename(archivePath) });
  }
  const { catalogFileName, signingKeyOf } = await import("../../package/mod.ts");
  const fileName = catalogFileName(signingKeyOf(published[0]!.minimal));
  // The catalog file exists only if the publisher has many packages. For few packages, the announce
  // record itself holds the list.
  if (await isThere(join(seeds.path, fileName))) {
    await operations.addCatalog({ fileName, announce: true }, { signal: io.signal });
  }
  output.notice(`seeding for ${formatDuration(seedForMs)}; stop with Ctrl-C`);
  try {
    await delay(io.clock, seedForMs, io.signal);
  } catch (error) {
    // A signal that ends the seeding early is no failure, because the packages are already
    // published.
    output.detail(errorToData(error).message);
  }
}
