/**
 * `deno task audit`: checks the dependencies. It examines licences, the lock file, install scripts,
 * the libraries of each thread, and known advisories if the registry answers. The exit code is 1 if
 * a check fails, and 3 if only the advisories could not be fetched, which does not mean that there
 * are none. `--without-advisories` skips the advisories.
 */

import { join } from "node:path";
import { type Advisories, askForAdvisories } from "./audit/advisories.ts";

const root = join(import.meta.dirname!, "..");

/** Permitted licences. All of them are permissive and require only attribution. */
const ALLOWED =
  /^(0BSD|Apache-2\.0|BlueOak-1\.0\.0|BSD(-[23]-Clause)?|CC0-1\.0|ISC|MIT|Unlicense)$/;
const INSTALL_SCRIPTS = ["preinstall", "install", "postinstall"];

interface PackageFile {
  name?: string;
  version?: string;
  license?: string | { type: string };
  licenses?: { type: string }[];
  scripts?: Record<string, string>;
}

const problems: string[] = [];

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(path)) as T;
}

/** Reads the `package.json` files in `node_modules`, one per npm package and version. */
async function installedPackages(): Promise<PackageFile[]> {
  const found = new Map<string, PackageFile>();
  const store = join(root, "node_modules", ".deno");
  for await (const { name: directory, isDirectory } of Deno.readDir(store)) {
    if (!isDirectory) continue;
    for (const path of await packagesIn(join(store, directory, "node_modules"))) {
      const file = await readJson<PackageFile>(join(path, "package.json")).catch(() => undefined);
      if (file?.name) found.set(`${file.name}@${file.version}`, file);
    }
  }
  return [...found.values()].sort((a, b) => a.name! < b.name! ? -1 : 1);
}

/** Lists the npm packages in a directory, without links to other directories. */
async function packagesIn(directory: string): Promise<string[]> {
  const paths: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(directory)) {
      if (!isDirectory) continue;
      if (name.startsWith("@")) paths.push(...await packagesIn(join(directory, name)));
      else paths.push(join(directory, name));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return paths;
}

function licenceOf({ license, licenses }: PackageFile): string {
  if (typeof license === "string") return license;
  return license?.type ?? licenses?.[0]?.type ?? "none";
}

function reportLicences(packages: PackageFile[]): void {
  const counts = new Map<string, number>();
  for (const file of packages) {
    const licence = licenceOf(file);
    counts.set(licence, (counts.get(licence) ?? 0) + 1);
    if (!ALLOWED.test(licence)) {
      problems.push(`${file.name}@${file.version} has licence ${licence}`);
    }
  }
  console.log(`Licences of ${packages.length} packages`);
  for (const [licence, count] of [...counts].sort(([, a], [, b]) => b - a)) {
    console.log(`  ${licence.padEnd(16)} ${count}`);
  }
}

interface Config {
  imports: Record<string, string>;
  allowScripts?: unknown;
}

interface Lock {
  specifiers: Record<string, string>;
  npm: Record<string, { integrity?: string }>;
  workspace: { links: Record<string, unknown> };
}

function reportLock(config: Config, lock: Lock): void {
  const missing = Object.values(config.imports)
    .filter((specifier) => specifier.startsWith("npm:") && !(specifier in lock.specifiers));
  const loose = Object.values(config.imports).filter((specifier) =>
    !/@\d+\.\d+\.\d+$/.test(specifier)
  );
  const unsummed = Object.entries(lock.npm).filter(([, { integrity }]) => !integrity);
  // Packages of this repository that replace npm packages (`links` in deno.json) have no checksum.
  const unexpected = unsummed.filter(([name]) => !(`npm:${name}` in lock.workspace.links));
  for (const specifier of missing) problems.push(`${specifier} is not in deno.lock`);
  for (const specifier of loose) problems.push(`${specifier} names no exact version`);
  for (const [name] of unexpected) problems.push(`${name} has no checksum in deno.lock`);
  const total = Object.keys(lock.npm).length;
  console.log(`\nLock file: ${total} packages, ${total - unsummed.length} with a checksum`);
}

function reportScripts(packages: PackageFile[], config: Config): void {
  const withScripts = packages.filter(({ scripts = {} }) =>
    INSTALL_SCRIPTS.some((name) => name in scripts)
  );
  if (config.allowScripts !== undefined) problems.push("deno.json lets install scripts run");
  const names = withScripts.map(({ name }) => name).join(", ") || "none";
  console.log(`\nInstall scripts: none is run (no allowScripts in deno.json). Have one: ${names}`);
}

/** Descriptions of what each thread may access; docs/operations.md lists the exact permissions. */
const REACH = {
  worker: "its own port, public IPv4 addresses, the seed directory",
  main: "what the program may: files, network, environment",
  both: "the above, each in its thread",
  development: "nothing of the program: tests and tools only",
};

interface Module {
  specifier: string;
  dependencies?: { specifier: string; code?: { specifier?: string } }[];
}

/** Lists the direct dependencies that an entry file loads, without imports of types. */
async function dependenciesOf(entry: string, names: string[]): Promise<Set<string>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", join(root, entry)],
    stderr: "null",
  }).output();
  const { roots, modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    roots: string[];
    modules: Module[];
  };
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const found = new Set<string>();
  const seen = new Set(roots);
  for (const specifier of seen) {
    for (const { specifier: written, code } of bySpecifier.get(specifier)?.dependencies ?? []) {
      if (code === undefined) continue;
      if (names.includes(written)) found.add(written);
      // A module that an npm package loads is no direct dependency of the project.
      const isOurs = !code.specifier?.includes("/node_modules/");
      if (code.specifier !== undefined && isOurs) seen.add(code.specifier);
    }
  }
  return found;
}

async function reportReach(config: Config): Promise<void> {
  const names = Object.keys(config.imports);
  const worker = await dependenciesOf("src/worker/main.ts", names);
  const program = await dependenciesOf("main.ts", names);
  // main.ts loads commands dynamically. All commands are nevertheless part of the program.
  for await (const { name } of Deno.readDir(join(root, "src/cli/commands"))) {
    for (const one of await dependenciesOf(`src/cli/commands/${name}`, names)) program.add(one);
  }
  console.log("\nWhat each direct dependency may touch");
  for (const name of names) {
    const where = worker.has(name)
      ? program.has(name) ? "both" : "worker"
      : program.has(name)
      ? "main"
      : "development";
    console.log(`  ${name.padEnd(20)} ${where.padEnd(12)} ${REACH[where]}`);
  }
}

/** Prints the registry's security advisories about the dependencies. */
async function reportAdvisories(): Promise<Advisories["outcome"]> {
  const { outcome, text } = await askForAdvisories(root);
  if (outcome === "unknown") {
    console.log(`\nAdvisories: UNKNOWN, not none. The registry gave no answer (${text})`);
  } else console.log(`\nAdvisories\n${text}`);
  if (outcome === "found") problems.push("there are advisories");
  return outcome;
}

const packages = await installedPackages();
const config = await readJson<Config>(join(root, "deno.json"));
const lock = await readJson<Lock>(join(root, "deno.lock"));
reportLicences(packages);
reportLock(config, lock);
reportScripts(packages, config);
await reportReach(config);
const advisories = Deno.args.includes("--without-advisories")
  ? "not asked"
  : await reportAdvisories();
for (const problem of problems) console.error(`\nproblem: ${problem}`);
if (problems.length > 0) Deno.exit(1);
if (advisories === "unknown") Deno.exit(3);
