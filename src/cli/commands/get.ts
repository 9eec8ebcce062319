/**
 * `libreseed get NAME[@RANGE] | MAGNET | FILE.torrent`: resolves a package, downloads it and
 * verifies it.
 *
 * @module
 */

import { basename, dirname, resolve } from "node:path";
import { LibreseedError } from "../../base/mod.ts";
import type { GetRequest, Got, SkippedVersion, VersionFlags } from "../../fetching/mod.ts";
import type { PublisherChoice, WantedByName } from "../../names/mod.ts";
import { type CommandRun, defineCommand, textArgument, textFlag } from "../flags/command.ts";
import { archiveSettings, networkSettings, transferSettings } from "../flags/common_flags.ts";
import { CliError } from "../process/errors.ts";
import { flagsOfMagnet, tellFlags } from "../running/version_flags.ts";
import { type Network, withNames, withNode } from "../running/with_node.ts";
import { DownloadBar } from "../terminal/download_bar.ts";

type Flags = { output?: string; file?: string };
type Run = CommandRun<Flags, [what: string]>;

/**
 * Choice of the publisher and the version of the fetched package, if there were several, and the flags
 * of that version.
 */
interface Chosen extends VersionFlags {
  chosen?: PublisherChoice;
  skipped?: SkippedVersion[];
}

/** Maximum size of a `.torrent` file, in bytes. The torrent of any package is far smaller. */
const MAX_TORRENT_BYTES = 16 << 20;

export default defineCommand<Flags, [what: string]>({
  description:
    "Downloads an archive into the seed directory and verifies every step: signatures, hashes, limits. " +
    "With -o DIR it is unpacked there, with -o - the archive goes to standard output. Prints the path. " +
    "--file PATH fetches one file of the package, to -o FILE or standard output; of the archive, only " +
    "what comes before the end of the file is downloaded. " +
    "With a .torrent or a magnet link without a publisher, nothing proves who the publisher is.",
  examples: [
    "libreseed get my-tool -o ./tool",
    "libreseed get ed25519:BASE64/my-tool@^1.0.0",
    "libreseed get my-tool -o - | tar tz",
    "libreseed get my-tool --file README.md -o -",
  ],
  settings: ["home", "dir", "policy", ...networkSettings, ...archiveSettings, ...transferSettings],
  home: "created",
  parameters: {
    flags: {
      output: textFlag("DIR", "Unpack into DIR, which must be new or empty; - for stdout"),
      file: textFlag("PATH", "Fetch only this file of the package; -o then names the file"),
    },
    aliases: { o: "output" },
    positional: {
      kind: "tuple",
      parameters: [
        textArgument("PACKAGE|FILE", "[KEY/]NAME[@RANGE], a magnet link, or a .torrent file"),
      ],
    },
  },
  async run(given) {
    const request = await readRequest(given);
    if (given.flags.file !== undefined) return await getFile(given, request, given.flags.file);
    await checkTarget(given);
    const { rangeKind, getArchive, getHighestAvailable, DownloadAhead } = await import(
      "../../fetching/mod.ts"
    );
    const { rememberPublisher, resolveByName } = await import("../../names/mod.ts");
    await withNode(given, async (network) => {
      const { io, output } = given;
      const bar = new DownloadBar(output, io.clock);
      const ahead = new DownloadAhead(network);
      const obtain = (what: GetRequest) =>
        getArchive(network, what, {
          onStep: (message) => output.step(message),
          onDetail: (message) => output.detail(message),
          onProgress: (progress) => bar.update("", labelOf(what), progress),
        }, ahead).finally(() => bar.end(""));
      let how: Chosen = {};
      const flagsOf = "kind" in request && request.kind === "magnet"
        ? await flagsOfMagnet(network, request.magnet)
        : undefined;
      const got =
        await ("kind" in request ? obtain(request) : withNames(given, network, async (names) => {
          output.step(`looking for ${request.name}`);
          const { found, got, skipped } = await getHighestAvailable({
            range: request.range,
            resolve: (without) =>
              resolveByName({ ...names, onShown: ahead.begin }, request, without),
            get: ({ minimal, webSeeds }) => obtain({ kind: "minimal", minimal, webSeeds }),
            onSkipped: names.onSkipped,
          });
          const { minimal, publicKey, chosen } = found;
          rememberPublisher(names, minimal, publicKey, rangeKind(request.range));
          const flags = await tellFlags(output, minimal, found.flags);
          how = { ...(chosen && { chosen }), ...(skipped.length > 0 && { skipped }), ...flags };
          return got;
        })).finally(() => ahead.end());
      const { name, version, minimal } = got;
      const flags = minimal && await flagsOf?.(minimal);
      if (flags) how = await tellFlags(output, minimal, flags);
      if (!minimal) {
        output.warning(
          `${name}@${version} is signed by ${got.publisher}, but the request names no publisher`,
        );
      }
      await deliver(given, network, got, how);
    });
  },
});

/** Fetches one file of a package, as `--file` demands. */
async function getFile(given: Run, request: GetRequest | WantedByName, file: string) {
  const { output, flags } = given;
  if ("kind" in request) {
    const message = "--file needs the name of a package: only its signed manifest lists its files";
    throw new CliError("usage", "BAD_ARGUMENTS", message);
  }
  const { fetchSingleFile, singleFileTarget } = await import("../running/single_file.ts");
  const target = await singleFileTarget(given, file, flags.output);
  const { getHighestAvailable, rangeKind } = await import("../../fetching/mod.ts");
  const { rememberPublisher, resolveByName } = await import("../../names/mod.ts");
  await withNode(given, (network) =>
    withNames(given, network, async (names) => {
      output.step(`looking for ${request.name}`);
      const { found, got, skipped } = await getHighestAvailable({
        range: request.range,
        resolve: (without) => resolveByName(names, request, without),
        get: (found) => fetchSingleFile(given, network, found, file, target),
        onSkipped: names.onSkipped,
      });
      const { minimal: { name, version, pubkey: publisher }, chosen } = found;
      rememberPublisher(names, found.minimal, found.publicKey, rangeKind(request.range));
      output.notice(`${file} of ${name}@${version} by ${publisher}: verified`);
      if (got.path === undefined) return;
      const own = await tellFlags(output, found.minimal, found.flags);
      const how = { ...(chosen && { chosen }), ...(skipped.length > 0 && { skipped }), ...own };
      output.result({ name, version, publisher, file, ...got, ...how }, got.path);
    }));
}

/**
 * Returns the label of a download's progress bar: name and version of the package, as far as known.
 */
function labelOf(what: GetRequest): string {
  if (what.kind === "minimal") return `${what.minimal.name}@${what.minimal.version}`;
  return what.kind === "magnet" ? what.magnet.name ?? "download" : "download";
}

async function readRequest(given: Run): Promise<GetRequest | WantedByName> {
  const { args: [what], io } = given;
  if (/^magnet:/i.test(what)) {
    const { parseMagnet } = await import("../../records/mod.ts");
    return { kind: "magnet", magnet: parseMagnet(what) };
  }
  if (!what.endsWith(".torrent")) {
    if (what.endsWith(".tgz") && await isThere(resolve(io.cwd, what))) {
      const message = `${what} is an archive, not the name of a package. ` +
        "`libreseed verify` checks it, `libreseed add` seeds it";
      throw new CliError("usage", "BAD_ARGUMENTS", message);
    }
    const { parsePackageSpec } = await import("../../package/mod.ts");
    return parsePackageSpec(what);
  }
  const torrent = await io.readFile(resolve(io.cwd, what), MAX_TORRENT_BYTES);
  if (torrent) return { kind: "torrent", torrent };
  throw new CliError("not-found", "FILE_INVALID", `There is no file ${what}`);
}

function isThere(path: string): Promise<boolean> {
  return Deno.lstat(path).then(() => true, () => false);
}

/** Checks before the download that the archive can be written to the target of `-o`. */
async function checkTarget({ flags: { output: target }, io }: Run): Promise<void> {
  if (target === "-" && io.stdout.isTerminal) {
    throw new CliError(
      "usage",
      "BAD_ARGUMENTS",
      "-o - would write the archive to the terminal; pipe it, as in `libreseed get NAME -o - | tar tz`",
    );
  }
  if (target === undefined || target === "-") return;
  const { checkUnpackTarget } = await import("../../package/mod.ts");
  const unpackTo = resolve(io.cwd, target);
  await checkUnpackTarget(unpackTo, io.stagingFor(dirname(unpackTo)));
}

async function deliver(
  given: Run,
  { limits }: Network,
  got: Got,
  how: Chosen,
): Promise<void> {
  const { flags: { output: target }, io, output } = given;
  const { name, version, publisher, minimal, archivePath, reusedBytes, fetchedBytes } = got;
  const { namingFullDisk, verifyArchive } = await import("../../package/mod.ts");
  const { outsidePath } = await import("../../fetching/mod.ts");
  let path: string | undefined;
  if (target === "-") {
    // The reader of standard output will make files of the archive, usually by `tar`.
    await verifyArchive({ archivePath, minimal, limits, signal: io.signal });
    await (await import("../running/single_file.ts")).copyToStdout(given, archivePath);
  } else if (target !== undefined) {
    const unpackTo = resolve(io.cwd, target);
    const stagingPath = io.stagingFor(dirname(unpackTo));
    const wanted = { archivePath, minimal, limits, signal: io.signal };
    await namingFullDisk(
      {
        what: `${name}@${version}`,
        directory: dirname(unpackTo),
        stagingPath,
        neededBytes: async () => (await verifyArchive(wanted)).unpackedBytes,
        otherwise: "give another directory with -o",
      },
      () =>
        verifyArchive({ ...wanted, unpackTo, stagingPath, startThread: io.launcher.startHelper }),
    );
    path = unpackTo;
  } else {
    path = minimal ? archivePath : await copyOut(given, archivePath, outsidePath(io.cwd, got));
  }
  if (!minimal) await Deno.remove(archivePath).catch(() => {});
  output.notice(`${name}@${version} by ${publisher}: verified`);
  if (path === undefined) return;
  const complete = minimal !== undefined;
  const counts = { reusedBytes, fetchedBytes };
  output.result({ name, version, publisher, path, complete, ...counts, ...how }, path);
}

/**
 * Copies an archive from the seed directory to the user's directory. Used for an archive without a
 * minimal manifest, which does not stay in the seed directory. An existing file with other contents
 * is never overwritten.
 */
async function copyOut({ io }: Run, from: string, to: string): Promise<string> {
  const { namingFullDisk, Staging } = await import("../../package/mod.ts");
  const directory = dirname(to);
  const stagingPath = io.stagingFor(directory);
  await namingFullDisk({
    what: basename(to),
    directory,
    stagingPath,
    neededBytes: async () => (await Deno.stat(from)).size,
  }, async () => {
    // Not `using`: the minifier would remove the declarations, and nothing would be closed.
    const staging = await Staging.create(stagingPath);
    try {
      const staged = staging.next();
      await Deno.copyFile(from, staged);
      const copy = await Deno.open(staged, { read: true, write: true });
      try {
        await copy.sync();
      } finally {
        copy.close();
      }
      await io.launcher.placeFile(staged, to);
    } finally {
      await staging[Symbol.asyncDispose]();
    }
  }).catch(async (error) => {
    if (error instanceof LibreseedError && error.code === "FILE_EXISTS") await Deno.remove(from);
    throw error;
  });
  return to;
}
