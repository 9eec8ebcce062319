/**
 * The files of the Debian package, in a directory: program, manual pages, completions, units of
 * systemd, documentation. `scripts/deb.ts` makes the package of them.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { copyrightText } from "./licences.ts";

/** Name of the package, and of the program in it. */
const NAME = "libreseed";
/** Path of the program in the units of `examples/`. */
const EXAMPLE_PROGRAM = `/usr/local/bin/${NAME}`;
const UNITS = ["libreseed.service", "libreseed-announce.service", "libreseed-announce.timer"];
/** Examples that are of use on a machine with the package. The units are installed. */
const EXAMPLES = ["cron", "grafana", "hello", "logrotate", "prometheus"];

/** Sources of the package's files. */
export interface TreeOptions {
  /** Checkout of libreseed. */
  root: string;
  /** The compiled program. */
  program: string;
  /** A program of the same version that runs on this machine, and prints manual pages and completions. */
  pages: string;
  /** npm packages in the program, as `deno.json` names them. */
  libraries: readonly string[];
  /** Entry of the Debian changelog. */
  changelog: string;
}

/**
 * Makes the files in `directory`, as they are to lie below `/`.
 *
 * @throws {Error} if the program does not print its pages, or an example has changed its form
 */
export async function makeTree(directory: string, options: TreeOptions): Promise<void> {
  const { root, program, pages, libraries, changelog } = options;
  const put = async (path: string, contents: string | Uint8Array, mode = 0o644) => {
    const target = join(directory, path);
    await Deno.mkdir(dirname(target), { recursive: true });
    const bytes = typeof contents === "string" ? new TextEncoder().encode(contents) : contents;
    await Deno.writeFile(target, bytes);
    await Deno.chmod(target, mode);
  };
  const share = "usr/share";
  const doc = `${share}/doc/${NAME}`;

  await Deno.mkdir(join(directory, "usr/bin"), { recursive: true });
  await Deno.copyFile(program, join(directory, "usr/bin", NAME));
  await Deno.chmod(join(directory, "usr/bin", NAME), 0o755);

  for (const { file, page } of await manualPages(pages)) {
    await put(`${share}/man/man1/${file}.gz`, packed(page));
  }
  const completion = async (shell: string) => await output(pages, ["completions", shell]);
  await put(`${share}/bash-completion/completions/${NAME}`, await completion("bash"));
  await put(`${share}/zsh/vendor-completions/_${NAME}`, await completion("zsh"));
  await put(`${share}/fish/vendor_completions.d/${NAME}.fish`, await completion("fish"));

  const units = join(root, "examples", "systemd");
  for (const unit of UNITS) {
    const text = await Deno.readTextFile(join(units, unit));
    await put(`usr/lib/systemd/system/${unit}`, installedUnit(text));
  }
  const user = await Deno.readTextFile(join(units, "user", "libreseed.service"));
  await put("usr/lib/systemd/user/libreseed.service", installedUnit(user));

  await put(`${doc}/copyright`, await copyrightText(root, libraries));
  await put(`${doc}/changelog.Debian.gz`, packed(changelog));
  await put(`${doc}/changelog.gz`, packed(await Deno.readTextFile(join(root, "CHANGELOG.md"))));
  for (const file of ["README.md", "SECURITY.md"]) {
    await put(`${doc}/${file}`, await Deno.readFile(join(root, file)));
  }
  for (const part of ["docs", ...EXAMPLES.map((name) => `examples/${name}`)]) {
    for (const path of filesIn(join(root, part))) {
      // Neither licences nor scripts to run: the first are in `copyright`, the second are examples.
      await put(join(doc, part, path), await Deno.readFile(join(root, part, path)));
    }
  }
  const overrides = await Deno.readTextFile(join(root, "scripts", "deb", "lintian-overrides"));
  await put(`${share}/lintian/overrides/${NAME}`, overrides);
}

/** Lists the files below a directory, as paths relative to it, sorted. */
export function filesIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(join(directory, name)).map((path) => join(name, path)) : [name]
  ).sort();
}

/** Compresses a text. The bytes depend on nothing but the text: the header names no time. */
function packed(text: string): Uint8Array {
  return gzipSync(text, { level: 9 });
}

async function manualPages(program: string): Promise<{ file: string; page: string }[]> {
  const lines = (await output(program, ["man", "--all", "--json"])).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line));
}

/** Runs the program without a home, and returns what it prints. */
async function output(program: string, args: string[]): Promise<string> {
  const command = new Deno.Command(program, {
    args,
    env: { HOME: "/nonexistent" },
    clearEnv: true,
    stdin: "null",
  });
  const { success, stdout, stderr } = await command.output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Error(`${program} ${args.join(" ")} failed: ${new TextDecoder().decode(stderr)}`);
}

/**
 * Converts a unit of `examples/systemd` to the one that the package installs: other path of the
 * program, and a head that says how to start the unit and not how to copy it.
 */
export function installedUnit(text: string): string {
  const copying = /^# {3}(?:mkdir .*&& )?cp .*\n/m;
  const reloading = /(systemctl (?:--user )?)daemon-reload && systemctl (?:--user )?/;
  if (/^# .*Install[:,]/m.test(text) && !(copying.test(text) && reloading.test(text))) {
    throw new Error("the head of the unit does not say how to install it, as scripts/deb expects");
  }
  const described = text.replace(
    /^Description=.*\n/m,
    (line) => `${line}Documentation=man:${NAME}(1)\n`,
  );
  return described.replace(copying, "").replace(reloading, "$1")
    .replaceAll(EXAMPLE_PROGRAM, `/usr/bin/${NAME}`)
    .replace("Install:\n", "Start it:\n").replace(
      "Install, together with\n# libreseed-announce.service:\n",
      "Start it:\n",
    );
}
