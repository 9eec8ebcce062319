/**
 * Fetches one file of a package, for `get --file`. The file gets its name, or goes to standard output,
 * only after its hash was compared with the signed manifest.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "node:path";
import { isThere } from "../../base/mod.ts";
import type { ReadBeginning } from "../../fetching/mod.ts";
import type { MinimalManifest, OpenedFile } from "../../package/mod.ts";
import type { CommandEnvironment } from "../flags/command.ts";
import { CliError } from "../process/errors.ts";
import { DownloadBar } from "../terminal/download_bar.ts";
import type { Network } from "./with_node.ts";

type Environment = Pick<CommandEnvironment, "output" | "io">;

/** Size of the buffer for copying a file to standard output, in bytes. */
const CHUNK_BYTES = 1 << 20;

/** A file that was fetched. */
export interface FetchedFile extends Pick<ReadBeginning<OpenedFile>, "fetchedBytes"> {
  sizeBytes: number;
  /** Absolute path of the new file; absent if it went to standard output. */
  path?: string;
}

/**
 * Returns the path to which a file is written: `output`, else the file's own name in the working directory;
 * `undefined` for standard output.
 *
 * @throws {CliError} `BAD_ARGUMENTS`, `TARGET_EXISTS` (kind `usage`)
 * @throws {PackageError} `WRITE_FAILED` if the path's directory does not exist
 */
export async function singleFileTarget(
  { io }: Pick<Environment, "io">,
  file: string,
  output: string | undefined,
): Promise<string | undefined> {
  if (["", ".", ".."].includes(file.slice(file.lastIndexOf("/") + 1))) {
    const message = `--file ${file} names no file; \`libreseed info --files\` lists them`;
    throw new CliError("usage", "BAD_ARGUMENTS", message);
  }
  if (output === "-") return undefined;
  if (["", ".", ".."].includes(output ?? file)) {
    const message = `-o ${output} names no file; with --file, -o takes the path of a new file`;
    throw new CliError("usage", "BAD_ARGUMENTS", message);
  }
  const path = resolve(io.cwd, output ?? basename(file));
  if (!await isThere(path)) {
    const { checkDirectoryOf } = await import("../../package/mod.ts");
    await checkDirectoryOf(path, io.stagingFor(dirname(path)));
    return path;
  }
  const message = `${path} exists already. Name a file that does not exist, with -o`;
  throw new CliError("usage", "TARGET_EXISTS", message, { detail: { path } });
}

/**
 * Fetches one file of a package, and writes it to `target`, or to standard output.
 *
 * @param target absolute path, or `undefined` for standard output
 * @throws the errors of `fetchFile`; then nothing is written
 */
export async function fetchSingleFile(
  given: Environment,
  network: Network,
  wanted: { minimal: MinimalManifest; webSeeds?: readonly string[] },
  file: string,
  target: string | undefined,
): Promise<FetchedFile> {
  const { io, output } = given;
  const { fetchFile } = await import("../../fetching/mod.ts");
  const { createTemporaryDirectory, writeFileAtomic } = await import("../../store/mod.ts");
  const { name, version } = wanted.minimal;
  const bar = new DownloadBar(output, io.clock);
  let result: ReadBeginning<OpenedFile> | undefined;
  async function* bytes() {
    result = yield* fetchFile(network, wanted, file, {
      onDetail: (message) => output.detail(message),
      onProgress: (progress) => bar.update("", `${name}@${version}`, progress),
    });
  }
  output.step(`fetching ${file} of ${name}@${version}`);
  const write = (path: string, temporaryPath?: string) =>
    writeFileAtomic(path, bytes(), { temporaryPath }).finally(() => bar.end(""));
  if (target !== undefined) {
    await write(target, io.stagingFor(dirname(target)));
    if (result!.read.executable) await makeExecutable(target);
  } else {
    const temporary = await createTemporaryDirectory(network.seeds.path);
    try {
      const path = join(temporary.path, "file");
      await write(path);
      await copyToStdout(given, path);
    } finally {
      await Deno.remove(temporary.path, { recursive: true }).catch(() => {});
      temporary[Symbol.dispose]();
    }
  }
  const { read: { sizeBytes }, fetchedBytes } = result!;
  return { sizeBytes, fetchedBytes, path: target };
}

/** Copies a file to standard output. */
export async function copyToStdout(
  { output }: Pick<Environment, "output">,
  path: string,
): Promise<void> {
  using file = await Deno.open(path);
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    await output.writeBytes(buffer.subarray(0, count));
  }
}

/** Lets everybody execute a file who may read it. */
async function makeExecutable(path: string): Promise<void> {
  const { mode } = await Deno.stat(path);
  if (mode !== null) await Deno.chmod(path, (mode & 0o777) | ((mode & 0o444) >> 2));
}
