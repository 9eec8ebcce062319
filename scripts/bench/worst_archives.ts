/**
 * Measures the verification of the worst archives within the limits, one archive per limit.
 * Comparisons are `tar` and `sha256sum` on the same file, and a package of one small file as the
 * fixed cost. `deno run -A scripts/bench/worst_archives.ts`.
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { createGzip } from "node:zlib";
import { keyPairFromSeed } from "../../src/identity/mod.ts";
import { MAX_UNICODE_SHARE } from "../../src/package/paths/limits.ts";
import { type TarFile, tarOf } from "../../src/package/archive/tar_writer.ts";
import {
  contentHash,
  defaultArchiveLimits,
  formatSha256,
  serializeFull,
  serializeMinimal,
} from "../../src/package/mod.ts";
import {
  commandMetrics,
  missing,
  missingProgram,
  program,
  runCommand,
  workDirectory,
} from "./command.ts";
import { type Row, runBenchmarks } from "./harness.ts";
import { signedFull, signedMinimal } from "../../tests/support/signed.ts";

const limits = defaultArchiveLimits;
const signer = keyPairFromSeed(new Uint8Array(32).fill(7));
/**
 * Maximum number of files in an archive to which the limit "minimum archive length per file" does
 * not apply.
 */
const FREE_FILES = 10_000;
const NOISE = "zz-noise";

/** Files of a generated archive: contents by path. */
type Files = Map<string, Uint8Array>;

const empty = new Uint8Array();

function numbered(count: number, name: (digits: string) => string, contents = empty): Files {
  const files: Files = new Map();
  for (let i = 0; i < count; i++) files.set(name(String(i).padStart(6, "0")), contents);
  return files;
}

/**
 * Makes paths that differ only in the number at their end, until the limit for path bytes is
 * reached.
 */
function longPaths(component: string, depth: number): Files {
  const head = Array<string>(depth).fill(component).join("/");
  const bytes = new TextEncoder().encode(`${head}000000`).length;
  return numbered(Math.floor(limits.maxPathsBytes / bytes), (digits) => `${head}${digits}`);
}

/**
 * Makes paths of about 1,000 bytes, each in directories of its own, up to a share of the limits for
 * path bytes and for directories.
 *
 * @param depth number of path components, including the file name
 */
function distinctPaths(component: string, depth: number, share: number): Files {
  const lastDirectory = Math.floor(limits.maxDirectories * share / (depth - 1));
  const bytes = new TextEncoder().encode(`${component}000000/`).length * depth - 1;
  const count = Math.floor(limits.maxPathsBytes * share / bytes);
  const files: Files = new Map();
  for (let i = 0; i < count; i++) {
    const directory = `${component}${String(i % lastDirectory).padStart(6, "0")}/`;
    files.set(`${directory.repeat(depth - 1)}${component}${String(i).padStart(6, "0")}`, empty);
  }
  return files;
}

/**
 * Makes paths that use up the limit for path bytes: as many non-ASCII bytes as permitted, and the
 * rest in ASCII.
 */
function unicodePaths(component: string): Files {
  const unicode = distinctPaths(component, 4, MAX_UNICODE_SHARE);
  return new Map([...unicode, ...distinctPaths("p".repeat(243), 4, 1 - MAX_UNICODE_SHARE)]);
}

const noise = (lengthBytes: number) => {
  const bytes = new Uint8Array(lengthBytes);
  for (let at = 0; at < lengthBytes; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
};

/** Generated archives, one at each limit for archives. */
const worst: Record<string, { title: string; files: () => Files }> = {
  "worst-files": {
    title: `${limits.maxFiles} files of one byte`,
    files: () => {
      const files = numbered(limits.maxFiles - 1, (digits) => digits, new Uint8Array(1));
      // The file of random bytes lengthens the archive, which would otherwise be too short for its
      // number of files.
      return files.set(NOISE, noise(limits.maxFiles * limits.minBytesPerFile));
    },
  },
  "worst-free-files": {
    title: `${FREE_FILES} empty files`,
    files: () => numbered(FREE_FILES, (digits) => digits),
  },
  "worst-directories": {
    title: `${limits.maxDirectories} directories`,
    files: () => {
      const files: Files = new Map();
      const depth = limits.maxDepth;
      for (let i = 0; (i + 1) * depth <= limits.maxDirectories; i++) {
        const first = String(i).padStart(4, "0");
        files.set(`${first}/${"a/".repeat(depth - 1)}f`, empty);
      }
      return files;
    },
  },
  "worst-path-bytes": {
    title: `paths of ${limits.maxPathsBytes} bytes together, of 1,000 each`,
    files: () => longPaths("p".repeat(249), 4),
  },
  "worst-short-components": {
    title: `paths of ${limits.maxPathsBytes} bytes together, each ${limits.maxDepth} deep`,
    files: () => longPaths("abcdefghijklmn", limits.maxDepth + 1),
  },
  "worst-unicode": {
    title: `paths of ${limits.maxPathsBytes} bytes together, a quarter to be normalized and folded`,
    files: () => unicodePaths("\u1e9e\u0323\u0307a\u0323\u0307".repeat(19)),
  },
  "worst-marks": {
    title: `such paths, a quarter of combining marks that are not in their order`,
    files: () => unicodePaths("a" + "\u0315".repeat(56) + "\u0316".repeat(56)),
  },
  "worst-unicode-files": {
    title: `${limits.maxFiles} files of one byte, with names to be normalized and folded`,
    files: () => {
      const name = "\u1e9e\u0323\u0307a\u0323\u0307";
      const contents = new Uint8Array(1);
      const files = numbered(limits.maxFiles - 1, (digits) => `${name}${digits}`, contents);
      return files.set(NOISE, noise(limits.maxFiles * limits.minBytesPerFile));
    },
  },
  "worst-together": {
    title:
      `${limits.maxFiles} files in ${limits.maxDirectories} directories, with all bytes of paths`,
    files: () => {
      const name = "n".repeat(Math.floor(limits.maxPathsBytes / limits.maxFiles) - 16);
      const files: Files = new Map();
      for (let i = 0; i < limits.maxFiles - 1; i++) {
        const directory = String(i % limits.maxDirectories).padStart(6, "0");
        files.set(`${directory}/${String(i).padStart(6, "0")}${name}`, new Uint8Array(1));
      }
      return files.set(NOISE, noise(limits.maxFiles * limits.minBytesPerFile));
    },
  },
  "worst-files-ratio": {
    title: `${limits.maxFiles} files that unpack to ${limits.maxRatio} times the archive`,
    files: () => {
      // Half of the archive consists of compressed hashes, the other half of random bytes.
      const lengthBytes = 2 * limits.maxFiles * limits.minBytesPerFile;
      const each = new Uint8Array(0.76 * lengthBytes * limits.maxRatio / limits.maxFiles);
      const files = numbered(limits.maxFiles - 1, (digits) => digits, each);
      return files.set(NOISE, noise(lengthBytes / 2));
    },
  },
  "worst-ratio": {
    title: `1 MB that unpacks to ${limits.maxRatio} MB`,
    files: () =>
      new Map([
        ["zeros", new Uint8Array(limits.maxRatio * 1e6 * 0.97)],
        [NOISE, noise(800_000)],
      ]),
  },
};

async function makeArchive(name: string, files: Files): Promise<string> {
  const archive = join(workDirectory, `${name}-1.0.0.tgz`);
  if (await Deno.stat(archive).catch(() => undefined)) return archive;
  await Deno.mkdir(workDirectory, { recursive: true });
  const paths = [...files.keys()].sort((a, b) => a < b ? -1 : 1);
  const hashes = Object.fromEntries(paths.map((path) => [path, sha256(files.get(path)!)]));
  const fields = { name, version: "1.0.0", files: hashes, contentHash: contentHash(hashes) };
  const manifest = new TextEncoder().encode(serializeFull(signedFull(fields, signer)));
  const entry = (path: string, bytes: Uint8Array): TarFile => ({
    path,
    sizeBytes: bytes.length,
    executable: false,
    contents: async function* () {
      if (bytes.length > 0) yield bytes;
    },
  });
  function* entries(): Generator<TarFile> {
    yield entry("manifest.json", manifest);
    for (const path of paths) yield entry(path, files.get(path)!);
  }
  const gzip = createGzip({ level: 9 });
  const half = `${archive}.half`;
  const writing = Deno.writeFile(half, ReadableStream.from(gzip as AsyncIterable<Uint8Array>));
  for await (const chunk of tarOf(entries())) {
    if (!gzip.write(chunk)) await new Promise((resolve) => gzip.once("drain", resolve));
  }
  gzip.end();
  await writing;
  const bytes = await Deno.readFile(half);
  const minimal = signedMinimal({
    name,
    version: "1.0.0",
    archiveSha256: sha256(bytes),
    btih: "0".repeat(40),
    length: bytes.length,
    timestamp: 0,
  }, signer);
  await Deno.writeTextFile(
    archive.replace(/\.tgz$/, ".minimal.json"),
    serializeMinimal(minimal),
  );
  await Deno.rename(half, archive);
  return archive;
}

const sha256 = (bytes: Uint8Array) => formatSha256(createHash("sha256").update(bytes).digest());

const home = join(workDirectory, "home");
const verify = async (archive: string) =>
  await runCommand([program, "verify", archive], { env: { LIBRESEED_HOME: home } });

/** Returns the length of the archive, and the length of the tar inside. */
async function sizes(archive: string): Promise<{ megabytes: number; unpackedMegabytes: number }> {
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", 'gzip -dc "$1" | wc -c', "sh", archive],
  }).output();
  return {
    megabytes: (await Deno.stat(archive)).size / 1e6,
    unpackedMegabytes: Number(new TextDecoder().decode(stdout)) / 1e6,
  };
}

export const rows: readonly Row[] = Object.entries(worst).map(([id, { title, files }]) => {
  const archive = () => makeArchive(id, files());
  const small = () => makeArchive("worst-none", numbered(1, (digits) => digits));
  return {
    id,
    title: `Verifying ${title}`,
    about: "The aim: at most 64 MiB above a small package, and 0.2 s of processor time and 0.1 s " +
      "for each MB of archive.",
    metrics: [
      ...commandMetrics,
      { key: "megabytes", name: "archive", unit: "MB" },
      { key: "unpackedMegabytes", name: "tar", unit: "MB" },
    ],
    rounds: 3,
    contenders: [
      {
        name: "libreseed verify",
        missing: missingProgram,
        round: async () => ({ ...await verify(await archive()), ...await sizes(await archive()) }),
      },
      {
        name: "libreseed verify, small package",
        missing: missingProgram,
        round: async () => await verify(await small()),
      },
      {
        name: "tar tzf",
        missing: missing("tar", "gzip"),
        round: async () => await runCommand(["tar", "tzf", await archive()]),
      },
      {
        name: "sha256sum",
        missing: missing("sha256sum"),
        round: async () => await runCommand(["sha256sum", await archive()]),
      },
    ],
  };
});

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
