/**
 * Makes a release and publishes it with libreseed itself: `deno task release [--targets A,B] [--out
 * DIR] [--partial] [--no-publish] [--no-deb] [--deb-level N] [-- FLAG…]`.
 *
 * DIR (default `dist/release`) receives a program per target, a Debian package per Linux target, the
 * installer, the licence, `SHA256SUMS` and, signed by the key of the home that the
 * FLAGs name, `SHA256SUMS.sig`. The program for this machine then packs, signs and publishes DIR,
 * with the FLAGs given after `--`, and prints the magnet link. If a target cannot be built, its name
 * is printed and nothing is published; with `--partial`, the release continues without that target.
 * Name and version come from `deno.json`.
 */

import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseScriptArgs } from "./arguments.ts";
import manifest from "../deno.json" with { type: "json" };
import { BUILT_IN_PUBLISHER, programFileName, RELEASED_MS } from "../src/base/mod.ts";
import { isInstalled } from "../tests/support/installed.ts";
import { build } from "./compile.ts";
import { buildDeb, maintainerOf, parseLevel } from "./deb.ts";
import { type ReleaseSigner, releaseSigner } from "./release_signature.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/** All targets for which Deno can compile. */
const allTargets = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
  "aarch64-pc-windows-msvc",
];

/**
 * Maximum age of the release date in the sources, in days. An older date means that updating the
 * date was forgotten.
 */
const MAX_AGE_DAYS = 14;

const sumsName = "SHA256SUMS";

/**
 * Builds the program in a temporary directory under its plain name. The name is part of the
 * compiled bytes, so the file equals the one that `deno task compile` makes.
 */
async function buildFor(target: string, out: string): Promise<void> {
  const directory = await Deno.makeTempDir({ dir: dirname(out), prefix: ".build-" });
  try {
    const { path } = await build({ output: join(directory, "libreseed"), target });
    await Deno.rename(path, join(out, programFileName(target)));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Returns checksum lines in the format of `sha256sum`, for all files of the directory. */
async function sumsOf(directory: string): Promise<string> {
  const names = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
  const lines = [];
  for (const name of names) {
    const hash = createHash("sha256");
    using file = await Deno.open(join(directory, name));
    for await (const chunk of file.readable) hash.update(chunk);
    lines.push(`${hash.digest("hex")}  ${name}\n`);
  }
  return lines.join("");
}

/**
 * Creates the release directory. Throws if it exists, because existing files would become part of
 * the release.
 */
async function makeEmpty(directory: string, ours: boolean): Promise<void> {
  if (ours) await Deno.remove(directory, { recursive: true }).catch(ignoreMissing);
  await Deno.mkdir(directory, { recursive: true });
  for await (const { name } of Deno.readDir(directory)) {
    throw new Error(`${directory} is not empty: ${name} lies there`);
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/**
 * Opens the key that signs the release. Throws if the programs would not accept releases of it.
 */
async function openSigner(flags: string[]): Promise<ReleaseSigner> {
  const signer = await releaseSigner(flags);
  if (BUILT_IN_PUBLISHER === "") {
    console.error(
      "release: the programs name no publisher, so `upgrade --self` needs --from: set " +
        `BUILT_IN_PUBLISHER in src/base/built_in_publisher.ts to ${signer.publisher}`,
    );
  } else if (BUILT_IN_PUBLISHER !== signer.publisher) {
    throw new Error(
      `BUILT_IN_PUBLISHER in src/base/built_in_publisher.ts is ${BUILT_IN_PUBLISHER}, and the key that ` +
        `signs is of ${signer.publisher}`,
    );
  }
  return signer;
}

/**
 * Makes a Debian package of each program for Linux. That needs `dpkg-deb` and a program that runs here and
 * prints the manual pages. Where one of them is missing, says so and makes none.
 */
async function makeDebs(directory: string, targets: readonly string[], level: number) {
  const why = Deno.build.os !== "linux"
    ? "this machine does not run Linux"
    : !isInstalled("dpkg-deb")
    ? "dpkg-deb is not installed"
    : !targets.includes(Deno.build.target)
    ? `there is no program for ${Deno.build.target}`
    : undefined;
  if (why !== undefined) {
    console.error(`release: no Debian package was made: ${why}`);
    return;
  }
  const pathOf = (target: string) => join(directory, programFileName(target));
  const options = { out: directory, level, maintainer: maintainerOf(Deno.env) };
  for (const target of targets.filter((target) => target.includes("-linux-"))) {
    await buildDeb({ ...options, program: pathOf(target), pages: pathOf(Deno.build.target) });
  }
}

/** Copies the installer, with the publisher's identity in it. */
async function copyInstaller(directory: string, publisher: string): Promise<void> {
  const text = await Deno.readTextFile(join(root, "scripts", "install.sh"));
  const empty = "\npublisher=\n";
  if (text.split(empty).length !== 2) throw new Error("install.sh has no line for the publisher");
  const path = join(directory, "install.sh");
  await Deno.writeTextFile(path, text.replace(empty, () => `\npublisher=${publisher}\n`));
  await Deno.chmod(path, 0o755);
}

/** Packs, signs and publishes the release directory, and prints the program's output. */
async function publish(directory: string, flags: string[]): Promise<void> {
  const { name, version } = manifest;
  const { success, code } = await new Deno.Command(
    join(directory, programFileName(Deno.build.target)),
    {
      args: ["publish", directory, "--name", name, "--version", version, ...flags],
      stdin: "null",
      stdout: "inherit",
      stderr: "inherit",
    },
  ).output();
  if (!success) throw new Error(`publishing failed: libreseed publish ended with ${code}`);
}

async function release(args: string[]): Promise<void> {
  const end = args.indexOf("--");
  const flags = end === -1 ? [] : args.slice(end + 1);
  const { values } = parseScriptArgs({
    args: end === -1 ? args : args.slice(0, end),
    options: {
      targets: { type: "string", default: allTargets.join() },
      out: { type: "string" },
      partial: { type: "boolean", default: false },
      "no-publish": { type: "boolean", default: false },
      "no-deb": { type: "boolean", default: false },
      "deb-level": { type: "string", default: "6" },
    },
  });
  const targets = values.targets.split(",");
  const out = resolve(values.out ?? join(root, "dist", "release"));
  const publishing = !values["no-publish"];
  const debLevel = parseLevel("--deb-level", values["deb-level"]);
  if (publishing && !targets.includes(Deno.build.target)) {
    throw new Error(
      `it is the program for ${Deno.build.target} that publishes, and it is not among the targets: ` +
        "add it, or say --no-publish",
    );
  }
  const days = Math.floor((Date.now() - RELEASED_MS) / 86_400_000);
  if (publishing && days > MAX_AGE_DAYS) {
    console.error(
      `release: the release's date is ${days} days old: set RELEASED_MS in src/base/release_date.ts`,
    );
  }
  // Without publishing, a key is used only if the flags name a home.
  const signer = publishing || flags.length > 0 ? await openSigner(flags) : undefined;
  await makeEmpty(out, values.out === undefined);

  const failed: string[] = [];
  for (const target of targets) {
    try {
      await buildFor(target, out);
    } catch (error) {
      failed.push(target);
      console.error(`release: ${target} could not be built: ${(error as Error).message}`);
    }
  }
  if (failed.length > 0 && (!values.partial || failed.length === targets.length)) {
    throw new Error(`not made for ${failed.join(", ")}; nothing was published`);
  }
  const made = targets.filter((target) => !failed.includes(target));
  if (!values["no-deb"]) await makeDebs(out, made, debLevel);
  await copyInstaller(out, signer?.publisher ?? "");
  await Deno.copyFile(join(root, "LICENSE"), join(out, "LICENSE"));
  const sums = await sumsOf(out);
  await Deno.writeTextFile(join(out, sumsName), sums);
  if (signer) await Deno.writeTextFile(join(out, `${sumsName}.sig`), await signer.sign(sums));
  console.error(`${out}: libreseed ${manifest.version}`);
  if (publishing) await publish(out, flags);
}

if (import.meta.main) {
  try {
    await release(Deno.args);
  } catch (error) {
    console.error(`release: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
