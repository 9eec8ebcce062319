/**
 * Checks the docs against the program: every command, setting and exit code is documented, and no
 * link is broken.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { commands } from "../../src/cli/commands/table.ts";
import { rooms } from "../support/rooms.ts";
import { writtenFlag } from "../../src/cli/flags/common_flags.ts";
import { exitCodeMeanings, exitCodes } from "../../src/cli/process/exit_codes.ts";
import { settingDefinitions } from "../../src/config/mod.ts";
import { operationNames } from "../../src/control/operations.ts";

const root = join(import.meta.dirname!, "..", "..");

function read(path: string): Promise<string> {
  return Deno.readTextFile(join(root, path));
}

/** Lists the paths of all documentation pages, relative to the repository's root. */
async function pages(directory = "docs"): Promise<string[]> {
  const found = directory === "docs" ? ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"] : [];
  for await (const { name, isDirectory } of Deno.readDir(join(root, directory))) {
    if (isDirectory) found.push(...await pages(`${directory}/${name}`));
    else if (name.endsWith(".md")) found.push(`${directory}/${name}`);
  }
  return found;
}

/** Returns the text between a heading and the next heading of the same or a higher level. */
function section(page: string, heading: string): string | undefined {
  const level = heading.match(/^#+/)![0].length;
  const start = page.indexOf(`\n${heading}\n`);
  if (start === -1) return undefined;
  const rest = page.slice(start + heading.length + 2);
  const end = rest.search(new RegExp(`^#{1,${level}} `, "m"));
  return end === -1 ? rest : rest.slice(0, end);
}

/** Returns the link anchors of a page's headings. */
function anchors(page: string): Set<string> {
  const headings = page.replace(/^```[^]*?^```/gm, "").matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, text]) =>
      text!.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
    ),
  );
}

Deno.test("every command has a section, which names its own flags and other names", async () => {
  const page = await read("docs/commands.md");
  for (const { name, aliases = [], load } of commands) {
    const text = section(page, `## ${name}`);
    assert(text, `docs/commands.md has no section ${name}`);
    assert(text.includes(`libreseed ${name}`), `the section ${name} shows no command line`);
    const { ownFlags, parameters } = (await load()).default;
    for (const flag of ownFlags) {
      const letters = Object.entries(parameters.aliases ?? {})
        .filter(([, long]) => long === flag).map(([letter]) => `-${letter}`);
      const spellings = [`--${writtenFlag(flag)}`, ...letters];
      assert(spellings.some((one) => text.includes(one)), `${name} ${spellings.join(" or ")}`);
    }
    for (const alias of aliases) assert(text.includes(`\`${alias}\``), `${name}: ${alias}`);
  }
});

Deno.test("the commands that make a home, or need none, are listed", async () => {
  const text = section(await read("docs/commands.md"), "## Which commands make a home")!;
  const listed = (pattern: RegExp) =>
    [...pattern.exec(text)![1]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!).sort();
  const found: Record<string, string[]> = {};
  for (const { name, load } of commands) {
    const { home } = (await load()).default;
    const uses = typeof home === "string"
      ? [[name, home] as const]
      : Object.entries(home).map(([action, use]) => [`${name} ${action}`, use] as const);
    for (const [command, use] of uses) (found[use] ??= []).push(command);
  }
  assert.deepEqual(listed(/these commands make it:([^.]+)\./), found.created!.sort());
  assert.deepEqual(listed(/^([^.]+) need no home/m), found.unused!.sort());
  assert.deepEqual(found.optional, ["doctor", "words"]);
});

Deno.test("there is no section of a command that is none", async () => {
  const page = await read("docs/commands.md");
  const named = [...page.matchAll(/^## ([a-z]+)$/gm)].map(([, name]) => name!);
  const known = commands.map(({ name }) => name);
  assert.deepEqual(named.filter((name) => !known.includes(name)), []);
});

Deno.test("commands in the docs exist", async () => {
  const known = commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  for (const path of await pages()) {
    const page = await read(path);
    const code = [
      ...[...page.matchAll(/^```[^]*?^```/gm)].map(([block]) => block),
      ...[...page.matchAll(/`([^`\n]+)`/g)].map(([, inline]) => inline!),
    ].join("\n");
    for (const [, name] of code.matchAll(/(?:^|[$|;(] *)libreseed ([a-z]+)\b/gm)) {
      assert(known.includes(name!), `${path}: libreseed ${name}`);
    }
  }
});

Deno.test("every setting is in the table of settings, with its default and limits", async () => {
  const table = section(await read("docs/operations.md"), "## Settings");
  assert(table);
  const number = (text: string) => text.replace(/[,\s]/g, "");
  for (const { key, type, default: preset, takesEffect } of settingDefinitions) {
    const row = table!.split("\n").find((line) => line.startsWith(`| \`${key}\``));
    assert(row, `docs/operations.md has no row ${key}`);
    const [, , defaults, limits, effect] = row.split("|").map((cell) => cell.trim());
    const texts: readonly string[] = typeof preset === "string" ? [preset] : preset;
    for (const text of texts) assert(defaults!.includes(`\`${text}\``), `${key}: default ${text}`);
    const effects = { start: "at start", reload: "at reload", command: "at each command" };
    assert(effect === effects[takesEffect], `${key}: takes effect ${effect}`);
    if (type.kind === "integer") {
      assert(number(limits!).includes(`${type.min}to${type.max}`), `${key}: limits ${limits}`);
    }
    if (type.kind === "choice") {
      for (const value of type.values) assert(limits!.includes(`\`${value}\``), `${key}: ${value}`);
    }
  }
  const rows = [...table.matchAll(/^\| `([a-z-]+)` /gm)].map(([, key]) => key!);
  assert.deepEqual(rows.sort(), settingDefinitions.map(({ key }) => key as string).sort());
});

Deno.test("every operation of the control socket is in the protocol", async () => {
  const table = section(await read("docs/protocol.md"), "## 10. Control socket")!;
  const rows = [...table.matchAll(/^\| `([a-zA-Z]+)` /gm)].map(([, name]) => name!);
  assert.deepEqual(rows.sort(), [...operationNames].sort());
});

Deno.test("every exit code is in the table of exit codes", async () => {
  const table = section(await read("docs/commands.md"), "## Exit codes")!;
  const rows = [...table.matchAll(/^\| ([\d, ]+) +\|/gm)].flatMap(([, cell]) => cell!.split(","));
  assert.deepEqual(
    rows.map(Number).sort((a, b) => a - b),
    Object.values(exitCodes).sort((a, b) => a - b),
  );
  for (const [name, code] of Object.entries(exitCodes)) {
    if (code > 128) continue;
    const row = table.split("\n").find((line) => line.startsWith(`| ${code} `))!;
    const meaning = exitCodeMeanings[name as keyof typeof exitCodes];
    assert.equal(row.split("|")[2]!.trim(), meaning, `exit code ${code}`);
  }
});

Deno.test("every link between the docs leads to a file, and to a heading in it", async () => {
  let links = 0;
  for (const path of await pages()) {
    const page = (await read(path)).replace(/^```[^]*?^```/gm, "");
    for (const [, target] of page.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      links++;
      const [file, anchor] = target!.split("#");
      const other = file ? relative(root, join(root, dirname(path), file)) : path;
      const info = await Deno.stat(join(root, other)).catch(() => undefined);
      assert(info, `${path} links to ${target}, which is not there`);
      if (anchor === undefined) continue;
      assert(anchors(await read(other)).has(anchor), `${path}: ${other} has no heading #${anchor}`);
    }
  }
  assert(links > 20, `only ${links} links were looked at`);
});

Deno.test("every file and folder of this repository that the docs name is there", async () => {
  const missing: string[] = [];
  let names = 0;
  for (const path of await pages()) {
    const page = await read(path);
    for (const [, name] of page.matchAll(/`((?:src|tests|scripts|examples|docs)\/[^` ]*)`/g)) {
      // Capital letters stand for a name of the reader's.
      if (/[A-Z]{4}/.test(name!)) continue;
      names++;
      const info = await Deno.stat(join(root, name!)).catch(() => undefined);
      if (!info) missing.push(`${path}: ${name}`);
    }
  }
  assert.deepEqual(missing, []);
  assert(names > 100, `only ${names} names were looked at`);
});

Deno.test("the list of decisions has every page, with its title and in its order", async () => {
  const expected: string[] = [];
  for await (const { name } of Deno.readDir(join(root, "docs/decisions"))) {
    if (name === "README.md") continue;
    const [heading] = (await read(`docs/decisions/${name}`)).split("\n");
    const [, number, title] = heading!.match(/^# (\d+)\. (.+)$/) ?? [];
    assert.equal(name.slice(0, 5), `${number?.padStart(4, "0")}-`, `${name}: ${heading}`);
    expected.push(`- [${name.slice(0, 4)}](${name}) ${title}`);
  }
  const list = (await read("docs/decisions/README.md")).replace(/\n  +/g, " ");
  assert.deepEqual(list.match(/^- .*/gm), expected.sort());
});

/**
 * Collects the error codes of a folder: those that its `errors.ts` lists, and those that its
 * sources throw.
 */
async function errorCodes(folder: string, file: string) {
  let code = "";
  const walk = async (directory: string) => {
    for await (const { name, isDirectory } of Deno.readDir(directory)) {
      const path = join(directory, name);
      if (isDirectory) await walk(path);
      else if (name.endsWith(".ts")) {
        code += (await Deno.readTextFile(path)).replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
      }
    }
  };
  await walk(join(root, "src", folder));
  const all = (text: string, pattern: RegExp) =>
    new Set([...text.matchAll(pattern)].map(([, found]) => found!));
  const kinds = "failed|usage|not-found|verification|network|in-use";
  return {
    listed: all(await read(file), /`([A-Z][A-Z0-9_]{4,})`/g),
    thrown: all(
      code,
      new RegExp(`[eE]rror\\(\\s*(?:"(?:${kinds})"),\\s*"([A-Z][A-Z0-9_]+)"`, "g"),
    ),
    written: all(code, /"([A-Z][A-Z0-9_]{4,})"/g),
  };
}

Deno.test("every error code that is thrown is listed in its room's errors.ts, and no other is", async () => {
  const problems: string[] = [];
  for (const [folder, { inner = [] }] of Object.entries(rooms)) {
    if (folder === "base") continue;
    const places = [folder, ...inner.map((name) => `${folder}/${name}`)];
    const files = await Promise.all(places.map(async (place) => {
      const path = `src/${place}/errors.ts`;
      return await Deno.stat(join(root, path)).then(() => [path], () => []);
    }));
    const [file, second] = files.flat();
    if (second !== undefined) problems.push(`src/${folder} lists errors in two files`);
    if (file === undefined) continue;
    const { listed, thrown, written } = await errorCodes(folder, file);
    for (const code of thrown) {
      if (!listed.has(code)) problems.push(`src/${folder} throws ${code}, which is not listed`);
    }
    for (const code of listed) {
      if (!written.has(code)) problems.push(`src/${folder} lists ${code}, which nothing throws`);
    }
  }
  assert.deepEqual(problems.sort(), []);
});

Deno.test("every stop of the journeys is a file, and no journey has more than twelve", async () => {
  const page = await read("docs/architecture.md");
  const part = page.slice(page.indexOf("## Four journeys"), page.indexOf("## The map"));
  const journeys = part.split("\n### ").slice(1);
  assert.equal(journeys.length, 4);
  for (const journey of journeys) {
    const stops = [...journey.matchAll(/^\| `([^`]+\.ts)`/gm)].map(([, path]) => path!);
    assert(stops.length > 0 && stops.length <= 12, journey.split("\n")[0]);
    for (const stop of stops) {
      const info = await Deno.stat(join(root, "src", stop)).catch(() => undefined);
      assert(info?.isFile, `src/${stop} is a stop of a journey, and not there`);
    }
  }
});

Deno.test("the map in words is that of the layout test's table", async () => {
  const page = await read("docs/architecture.md");
  for (const [room, { holds }] of Object.entries(rooms)) {
    const row = page.split("\n").find((line) => line.startsWith(`| \`${room}\` `));
    assert(row?.includes(holds), `docs/architecture.md has no row for ${room}: ${holds}`);
  }
});
