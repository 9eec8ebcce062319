/**
 * Generates `docs/libraries.md` from the list of replaced library members, the sources of
 * `engine/libraries`, and the table of dependencies: `deno task libraries`. A test compares the
 * page with the generated text.
 */

import { join } from "node:path";
import { type Replacement, replacements, used } from "../src/engine/libraries/mod.ts";
import { dependencies } from "./libraries/dependencies.ts";
import { withoutReplacing } from "./libraries/without_replacing.ts";
import { formatted, table } from "./markdown.ts";

const root = join(import.meta.dirname!, "..");
const room = "src/engine/libraries";

/** Name of the npm package by folder of `src/engine/libraries`. */
const FOLDERS: Record<string, string> = {
  bencode: "bencode",
  bittorrent_protocol: "bittorrent-protocol",
  extensions: "ut_metadata, ut_pex",
  krpc: "k-rpc, k-rpc-socket",
  webtorrent: "webtorrent, torrent-piece, net.Socket",
};

interface PackageFile {
  name: string;
  version: string;
  description: string;
  license: string;
}

/** Returns the text of `docs/libraries.md`, formatted as by `deno fmt`. */
export async function librariesPage(): Promise<string> {
  const { imports } = JSON.parse(await readText("deno.json")) as {
    imports: Record<string, string>;
  };
  const versionOf = (library: string) => /@([^@]+)$/.exec(imports[library] ?? "")?.[1] ?? "";
  return await formatted(`# Libraries

The packages that libreseed is made of, and what it changes in them. \`deno task libraries\` makes this
page from \`${room}/list.ts\`; a test says whether it is current.

## Replaced members

${count(replacements)} members of ${
    count(librariesOf(replacements))
  } packages are replaced, in one call
(\`applyReplacements\`). Each is pinned by the SHA-256 of the source text that we know: a release that
changed one fails the tests, \`deno task bundle\` and \`deno task compile\` with the member's name. In the
bundle, whose text a bundler has printed anew, existence and number of parameters are checked.

${
    table(
      ["library", "version", "member", "why", "report", "what would let it go"],
      replacements.map((one) => [
        one.library,
        versionOf(one.library),
        `\`${one.member}\``,
        one.because,
        one.report === undefined ? "" : reportLink(one.report),
        one.until,
      ]),
    )
  }

## Private members that are called or read

Their names begin with \`_\`. Members that are called are checked at the start, if nothing else would tell
soon that they are gone: ${
    [
      ...new Set(
        used.flatMap(({ place, members }) => members.map((name) => `\`${place}.${name}\``)),
      ),
    ].join(", ")
  }.

${table(["package", "members"], await privateMembers())}

## Changed without replacing

${
    table(
      ["library", "how", "what for"],
      withoutReplacing.map(({ library, how, what }) => [library, how, what]),
    )
  }

## Stand-ins

Packages of which nothing is used, replaced as a whole by \`links\` in deno.json
([decision 2](decisions/0002-stand-ins-for-unused-packages.md)).

${table(["library", "version", "what for"], await standIns())}

## Dependencies

${
    table(
      ["library", "version", "licence", "why", "who keeps it", "how to leave it"],
      await dependencyRows(imports),
    )
  }
`);
}

/** Formats a bug report as a link: a path in this repository, or a web address. */
function reportLink(report: string): string {
  const name = report.split("/").at(-1)!;
  return `[${name}](${report.replace(/^docs\//, "")})`;
}

function count(list: readonly unknown[]): string {
  return `${list.length}`;
}

function librariesOf(list: readonly Replacement[]): string[] {
  return [...new Set(list.map(({ library }) => library))];
}

/**
 * Lists the private member names that the sources of each folder use, except the members that are
 * replaced.
 */
async function privateMembers(): Promise<string[][]> {
  const replaced = new Set(replacements.map(({ member }) => member.split(".").at(-1)!));
  const rows: string[][] = [];
  for (const [folder, library] of Object.entries(FOLDERS)) {
    const names = new Set<string>();
    for await (const { name } of Deno.readDir(join(root, room, folder))) {
      const source = await readText(`${room}/${folder}/${name}`);
      const code = source.replace(/\/\*[^]*?\*\/|\/\/.*$|"[^"]*"/gm, "");
      const found = [...code.matchAll(/(?:\.|^\s+)(_[a-z]\w*)\b/gm)].map(([, member]) => member!);
      for (const [, taken] of code.matchAll(/\{([^(){}]*)\}\s*=/g)) {
        found.push(...(taken!.match(/\b_[a-z]\w*\b/g) ?? []));
      }
      for (const member of found) if (!replaced.has(member)) names.add(member);
    }
    if (names.size > 0) {
      rows.push([
        library,
        [...names].sort().map((name) => `\`${name}\``).join(", "),
      ]);
    }
  }
  return rows;
}

async function standIns(): Promise<string[][]> {
  const rows: string[][] = [];
  for await (const { name } of Deno.readDir(join(root, room, "shims"))) {
    const file = JSON.parse(await readText(`${room}/shims/${name}/package.json`)) as PackageFile;
    rows.push([file.name, file.version, file.description.replace(/^[^:]*: /, "")]);
  }
  return rows.sort(([a], [b]) => a! < b! ? -1 : 1);
}

async function dependencyRows(imports: Record<string, string>): Promise<string[][]> {
  const rows: string[][] = [];
  for (const library of Object.keys(imports)) {
    const row = dependencies[library];
    if (!row) throw new Error(`${library} has no row in scripts/libraries/dependencies.ts`);
    const file = JSON.parse(
      await readText(`node_modules/${library}/package.json`),
    ) as PackageFile;
    rows.push([library, file.version, file.license, row.why, row.keeper, row.leave]);
  }
  return rows;
}

function readText(path: string): Promise<string> {
  return Deno.readTextFile(join(root, path));
}

if (import.meta.main) {
  await Deno.writeTextFile(join(root, "docs", "libraries.md"), await librariesPage());
}
