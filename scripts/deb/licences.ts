/**
 * The licences of what the program consists of, for the file `copyright` of the Debian package:
 * libreseed's own, the runtime's, and those of the npm packages, with the texts that the packages
 * have in `node_modules`.
 *
 * @module
 */

import { join } from "node:path";

/** A package of `deno.lock` by `NAME@VERSION`. */
interface LockedPackage {
  /** Absent for the packages of this repository that replace npm packages. */
  integrity?: string;
  /** Names, with `@VERSION` if the lock file has several versions. */
  dependencies?: string[];
  optionalDependencies?: string[];
}

/** The licence of a package that is part of the program. */
interface Licence {
  /** `NAME@VERSION`. */
  name: string;
  /** Identifier of SPDX, as `package.json` has it. */
  id: string;
  /** Text of the licence, or the copyright notice if the text is one of Debian's common ones. */
  text: string;
}

/** Licences whose text every Debian system has in `/usr/share/common-licenses`. */
const COMMON = ["Apache-2.0", "CC0-1.0"];

/** Returns the text of the file `copyright`. */
export async function copyrightText(root: string, libraries: readonly string[]): Promise<string> {
  const own = await Deno.readTextFile(join(root, "LICENSE"));
  const licences = await licencesOf(root, libraries);
  const byText = new Map<string, Licence[]>();
  for (const licence of licences) {
    byText.set(licence.text, [...byText.get(licence.text) ?? [], licence]);
  }
  const sections = [...byText].map(([text, packages]) => {
    const names = packages.map(({ name, id }) => `${name} (${id})`).join("\n");
    return `${names}\n\n${text}`;
  });
  return [
    "libreseed: signed packages over BitTorrent, with no server.\n\n" + own.trim(),
    "The program also contains the runtime of Deno (https://deno.com), which is under the MIT " +
    "licence,\nCopyright 2018-2026 the Deno authors, and with it V8 (https://v8.dev), under a BSD " +
    "licence of\nthree clauses, Copyright 2014 the V8 project authors, and the libraries that both " +
    "name in their\nsources.",
    "It contains these npm packages, or parts of them:",
    ...sections,
  ].join(`\n\n${"-".repeat(80)}\n\n`) + "\n";
}

/** Collects the licences of npm packages and of everything that they depend on. */
async function licencesOf(root: string, libraries: readonly string[]): Promise<Licence[]> {
  const lock = JSON.parse(await Deno.readTextFile(join(root, "deno.lock"))) as {
    specifiers: Record<string, string>;
    npm: Record<string, LockedPackage>;
  };
  const { imports } = JSON.parse(await Deno.readTextFile(join(root, "deno.json"))) as {
    imports: Record<string, string>;
  };
  const found = new Set<string>();
  const add = (name: string) => {
    // A name with several sets of peers has them behind a `_`: `bare-stream@2.13.4_bare-events@2.9.2`.
    const full = name in lock.npm
      ? name
      : Object.keys(lock.npm).find((one) => [nameOf(one), withoutPeers(one)].includes(name));
    if (full === undefined) throw new Error(`deno.lock has no ${name}`);
    if (found.has(full)) return;
    found.add(full);
    for (const dependency of lock.npm[full]!.dependencies ?? []) add(dependency);
  };
  for (const library of libraries) {
    const specifier = imports[library];
    if (specifier === undefined) throw new Error(`deno.json has no import ${library}`);
    add(specifier.replace(/^npm:/, ""));
  }
  const foreign = [...found].filter((name) => lock.npm[name]!.integrity !== undefined).sort();
  return await Promise.all(foreign.map((name) => licenceOf(root, name)));
}

function withoutPeers(locked: string): string {
  return locked.replace(/^(@?[^@]+@[^_]+)_.*$/, "$1");
}

function nameOf(locked: string): string {
  return locked.replace(/^(@?[^@]+)@.*$/, "$1");
}

async function licenceOf(root: string, locked: string): Promise<Licence> {
  const name = withoutPeers(locked);
  const plain = nameOf(locked);
  const directory = join(
    ...[root, "node_modules", ".deno", name.replace("/", "+"), "node_modules", plain],
  );
  const file = JSON.parse(await Deno.readTextFile(join(directory, "package.json"))) as {
    license?: string | { type: string };
    licenses?: { type: string }[];
    author?: string | { name: string };
  };
  const { license, licenses } = file;
  const id = typeof license === "string" ? license : license?.type ?? licenses?.[0]?.type;
  if (id === undefined) throw new Error(`${name} names no licence`);
  const author = typeof file.author === "string" ? file.author : file.author?.name;
  const names = [...Deno.readDirSync(directory)].map((one) => one.name).sort();
  const written = names.find((one) => /^(licen[cs]e|copying)/i.test(one));
  const text = written === undefined ? "" : await Deno.readTextFile(join(directory, written));
  const lines = text.replaceAll("\r", "").split("\n").map((line) => line.trimEnd());
  if (COMMON.includes(id)) {
    const notice = lines.find((line) => /^\s*Copyright \S+ [^[]/.test(line))?.trim() ??
      `Copyright ${author ?? `the authors of ${plain}`}`;
    return { name, id, text: `${notice}\nThe text is in /usr/share/common-licenses/${id}.` };
  }
  if (written === undefined) {
    const holder = author ?? `the authors of ${plain}`;
    return { name, id, text: `Copyright ${holder}. The package holds no text of its licence.` };
  }
  return { name, id, text: lines.join("\n").trim() };
}
