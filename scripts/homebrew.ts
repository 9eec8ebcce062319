/**
 * Makes the Homebrew formula of a release: `deno run -A scripts/homebrew.ts --sums FILE --base URL
 * [--homepage URL] [--out FILE]`.
 *
 * FILE of `--sums` is the release's `SHA256SUMS`; URL of `--base` the directory from which the
 * programs are downloaded. The formula is `examples/homebrew/libreseed.rb` with version, addresses
 * and checksums; it goes to standard output, or to `--out`. The version is that of `deno.json`.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseScriptArgs } from "./arguments.ts";
import manifest from "../deno.json" with { type: "json" };

const root = fileURLToPath(new URL("../", import.meta.url));

/** Values of the template's placeholders. */
export interface Release {
  version: string;
  /** Directory of the programs on the web, without a slash at the end. */
  base: string;
  homepage: string;
  /** SHA-256 of each file of the release, 64 hexadecimal digits, by file name. */
  sums: ReadonlyMap<string, string>;
}

/**
 * Reads checksum lines in the format of `sha256sum`.
 *
 * @throws {Error} if a line has another form
 */
export function parseSums(text: string): Map<string, string> {
  return new Map(
    text.split("\n").filter((line) => line !== "").map((line) => {
      const [, sum, name] = /^([0-9a-f]{64}) [ *]([\w.-]+)$/.exec(line) ?? [];
      if (sum === undefined) throw new Error(`${JSON.stringify(line)} is no line of SHA256SUMS`);
      return [name!, sum];
    }),
  );
}

/**
 * Fills in the template.
 *
 * @throws {Error} if an address is no URL of https, the release lacks a program of the template, or
 * the version has a character that would end the string in Ruby
 */
export function formula(template: string, { version, base, homepage, sums }: Release): string {
  for (const url of [base, homepage]) {
    if (!/^https:\/\/[\w.-]+(:\d+)?(\/[\w.~%/-]*)?$/.test(url)) {
      throw new Error(`${url} is no address of https without special characters`);
    }
  }
  if (!/^[\w.+-]+$/.test(version)) throw new Error(`${version} is no version`);
  const [head, ...rest] = template.split("\n");
  if (!head!.startsWith("# A template:")) throw new Error("the template has another head");
  return rest.join("\n")
    .replaceAll("VERSION", version)
    .replaceAll("HOMEPAGE", homepage)
    .replaceAll('"BASE/', `"${base.replace(/\/$/, "")}/`)
    .replace(/SHA256-OF-([\w.-]+)/g, (_, name: string) => {
      const sum = sums.get(name);
      if (sum === undefined) throw new Error(`SHA256SUMS has no ${name}: build all targets first`);
      return sum;
    });
}

async function main(args: string[]): Promise<void> {
  const { values } = parseScriptArgs({
    args,
    options: {
      sums: { type: "string" },
      base: { type: "string" },
      homepage: { type: "string" },
      out: { type: "string" },
    },
  });
  const { sums, base, homepage = base, out } = values;
  if (sums === undefined || base === undefined) throw new Error("give --sums FILE and --base URL");
  const template = await Deno.readTextFile(join(root, "examples", "homebrew", "libreseed.rb"));
  const text = formula(template, {
    version: manifest.version,
    base,
    homepage: homepage!,
    sums: parseSums(await Deno.readTextFile(sums)),
  });
  if (out === undefined) await Deno.stdout.write(new TextEncoder().encode(text));
  else await Deno.writeTextFile(out, text);
}

if (import.meta.main) {
  try {
    await main(Deno.args);
  } catch (error) {
    console.error(`homebrew: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
