/**
 * Makes a Debian package of the compiled program: `deno task deb [--program FILE] [--pages FILE]
 * [--out DIR] [--level N] [--maintainer 'NAME <ADDRESS>']`.
 *
 * Without `--program`, compiles the program first. The package is for the processor of the program. A
 * program for another processor does not run here, so `--pages` names one of the same version that does: it
 * prints manual pages and completions. DIR (default `dist`) receives
 * `libreseed_VERSION_ARCHITECTURE.deb`. N is the level of xz, 1 to 9 (default 6), or 0 for no
 * compression. The maintainer is
 * that of `DEBFULLNAME` and `DEBEMAIL`, as for Debian's own tools. Equal programs make equal
 * packages: all times are `SOURCE_DATE_EPOCH`, or else the day of the release. Needs `dpkg-deb`.
 */

import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseScriptArgs } from "./arguments.ts";
import manifest from "../deno.json" with { type: "json" };
import { RELEASED_MS } from "../src/base/mod.ts";
import { libraries } from "../tests/support/rooms.ts";
import { build } from "./compile.ts";
import { architectureOf, architectures } from "./deb/architecture.ts";
import { filesIn, makeTree } from "./deb/tree.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Revision of the package: how often this version was packaged. */
const REVISION = 1;
/** The address leads nowhere: the project is reached through its issue tracker, and has no mail. */
const MAINTAINER = "libreseed authors <libreseed@noreply.invalid>";

/** Packages of the libraries to which the program is linked. A test compares the versions with those in the program. */
export const DEPENDS: readonly string[] = ["libc6 (>= 2.27)", "libgcc-s1 (>= 4.2)"];

/** Options of {@linkcode buildDeb}. */
export interface DebOptions {
  /** The compiled program. */
  program: string;
  /** Program of the same version that runs here, and prints manual pages and completions. Default: `program`. */
  pages?: string;
  /** Directory that receives the package. */
  out: string;
  /** Version of libreseed. */
  version?: string;
  maintainer?: string;
  /** Level of xz, 1 to 9; 0 leaves the files as they are. */
  level?: number;
  /** Time of all files in the package, Unix seconds. */
  epochSeconds?: number;
}

/**
 * Converts a version of semver to one of Debian, in which a tilde sorts before everything:
 * `1.0.0-rc.1` is `1.0.0~rc.1-1`.
 */
export function debianVersion(version: string): string {
  const [, numbers, prerelease = "", metadata = ""] =
    /^(\d+\.\d+\.\d+)(?:-([\w.-]+))?(\+[\w.-]+)?$/.exec(version) ?? [];
  if (numbers === undefined) throw new Error(`${version} is no version`);
  // A dash would separate the revision.
  const rest = (prerelease && `~${prerelease}`) + metadata;
  return `${numbers}${rest.replaceAll("-", ".")}-${REVISION}`;
}

/**
 * Makes the package.
 *
 * @returns path of the package
 * @throws {Error} if no program runs here, or `dpkg-deb` is missing or fails
 */
export async function buildDeb(options: DebOptions): Promise<string> {
  const { out, version = manifest.version, maintainer = MAINTAINER, level = 6 } = options;
  const { program, epochSeconds = RELEASED_MS / 1_000 } = options;
  const architecture = await architectureOf(program);
  const here = architectures[Deno.build.arch];
  if (options.pages === undefined && architecture !== here) {
    throw new Error(
      `${program} is for ${architecture} and this machine is ${here}: name a program of the same ` +
        "version that runs here with --pages, which prints manual pages and completions",
    );
  }
  const full = debianVersion(version);
  await Deno.mkdir(out, { recursive: true });
  const directory = await Deno.makeTempDir({ dir: out, prefix: ".deb-" });
  try {
    await Deno.chmod(directory, 0o755);
    const changelog = `libreseed (${full}) unstable; urgency=medium

  * libreseed ${version}. What is new in it is in changelog.gz.

 -- ${maintainer}  ${new Date(epochSeconds * 1_000).toUTCString().replace("GMT", "+0000")}
`;
    const names = Object.keys(libraries).filter((name) => name in manifest.imports);
    const pages = resolve(options.pages ?? program);
    await makeTree(directory, { root, program, pages, libraries: names, changelog });
    const files = filesIn(directory);
    await writeControl(directory, files, { full, architecture, maintainer });
    setTimes(directory, epochSeconds);
    const path = join(out, `libreseed_${full}_${architecture}.deb`);
    await runDpkg([
      ...["--root-owner-group", ...(level === 0 ? ["-Znone"] : ["-Zxz", `-z${level}`])],
      "--threads-max=1",
      ...["--build", directory, path],
    ], epochSeconds);
    return path;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Writes the directory `DEBIAN`: fields, checksums, and what dpkg runs. */
async function writeControl(
  directory: string,
  files: readonly string[],
  fields: { full: string; architecture: string; maintainer: string },
): Promise<void> {
  let bytes = 0;
  const sums: string[] = [];
  for (const path of files) {
    const contents = await Deno.readFile(join(directory, path));
    // As Debian's policy counts: each file in whole KiB, and each directory as one.
    bytes += Math.ceil(contents.length / 1_024) * 1_024;
    sums.push(`${createHash("md5").update(contents).digest("hex")}  ${path}\n`);
  }
  const control = join(directory, "DEBIAN");
  await Deno.mkdir(control);
  await Deno.writeTextFile(join(control, "md5sums"), sums.join(""));
  await Deno.writeTextFile(
    join(control, "control"),
    `Package: libreseed
Version: ${fields.full}
Architecture: ${fields.architecture}
Maintainer: ${fields.maintainer}
Installed-Size: ${bytes / 1_024}
Depends: ${DEPENDS.join(", ")}
Recommends: iproute2
Suggests: bash-completion, man-db
Section: net
Priority: optional
Description: signed packages over BitTorrent, with no server
 libreseed packs directories into signed, reproducible archives, seeds them over
 BitTorrent, and announces them by signed records in the DHT. Readers find a
 package by its name, and verify it by its publisher's key.
 .
 The package holds the program, its manual pages, completions for bash, zsh and
 fish, and units of systemd. No unit is enabled or started by the installation:
 a daemon opens a port and joins a public network.
`,
  );
  for (const script of ["postinst", "prerm", "postrm"]) {
    await Deno.copyFile(join(root, "scripts", "deb", script), join(control, script));
    await Deno.chmod(join(control, script), 0o755);
  }
}

/** Gives all files and directories one time and one mode, which the caller's umask may not change. */
function setTimes(directory: string, epochSeconds: number): void {
  for (const { name, isDirectory } of Deno.readDirSync(directory)) {
    const path = join(directory, name);
    if (isDirectory) {
      setTimes(path, epochSeconds);
      Deno.chmodSync(path, 0o755);
    } else if (name === "control" || name === "md5sums") Deno.chmodSync(path, 0o644);
    Deno.utimeSync(path, epochSeconds, epochSeconds);
  }
  Deno.utimeSync(directory, epochSeconds, epochSeconds);
}

async function runDpkg(args: string[], epochSeconds: number): Promise<void> {
  const { success, stderr } = await new Deno.Command("dpkg-deb", {
    args,
    env: { SOURCE_DATE_EPOCH: String(epochSeconds) },
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) throw new Error(`dpkg-deb failed: ${new TextDecoder().decode(stderr)}`);
}

/** Reads the maintainer from the environment, as Debian's own tools do. */
export function maintainerOf(env: typeof Deno.env): string | undefined {
  const [name, address] = [env.get("DEBFULLNAME"), env.get("DEBEMAIL")];
  return name && address ? `${name} <${address}>` : undefined;
}

/** Parses the level of xz that a flag names. */
export function parseLevel(flag: string, text: string): number {
  if (!/^\d$/.test(text)) throw new Error(`${flag} is 0 to 9, not ${text}`);
  return Number(text);
}

async function main(args: string[]): Promise<void> {
  const { values } = parseScriptArgs({
    args,
    options: {
      program: { type: "string" },
      pages: { type: "string" },
      out: { type: "string", default: join(root, "dist") },
      level: { type: "string", default: "6" },
      maintainer: { type: "string" },
    },
  });
  const level = parseLevel("--level", values.level);
  const epoch = Deno.env.get("SOURCE_DATE_EPOCH");
  if (epoch !== undefined && !/^\d+$/.test(epoch)) {
    throw new Error(`SOURCE_DATE_EPOCH is a number of seconds, not ${epoch}`);
  }
  const program = values.program ??
    (await build({ output: join(root, "dist", "libreseed") })).path;
  const path = await buildDeb({
    program,
    pages: values.pages,
    level,
    out: resolve(values.out),
    maintainer: values.maintainer ?? maintainerOf(Deno.env),
    ...(epoch !== undefined && { epochSeconds: Number(epoch) }),
  });
  console.log(`${path} ${(await Deno.stat(path)).size} bytes`);
}

if (import.meta.main) {
  try {
    await main(Deno.args);
  } catch (error) {
    console.error(`deb: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
