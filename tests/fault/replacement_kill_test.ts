/**
 * Every replacement in a store, killed before each of its file operations in turn: what was there
 * before is there still or what was to come is, whole, and the next command tidies up.
 *
 * @module
 */

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseRequirement } from "../../src/fetching/requirement.ts";
import { keyPairFromSeed } from "../../src/identity/mod.ts";
import { linkPackage } from "../../src/install/link.ts";
import { formatLockFile, readLockFile } from "../../src/install/lock_file.ts";
import { pruneStore } from "../../src/install/prune.ts";
import {
  defaultArchiveLimits,
  describeArchive,
  type MinimalManifest,
  packDirectory,
} from "../../src/package/mod.ts";
import { checkStored, packageId, PackageStore, SeedDirectory } from "../../src/store/mod.ts";
import { temporaryHome } from "../support/mod.ts";
import { type Place, replacements } from "./replacement.ts";

type Name = keyof typeof replacements;

const root = fileURLToPath(new URL("../../", import.meta.url));
const signer = keyPairFromSeed(new Uint8Array(32).fill(31));
/** No replacement has as many operations. */
const MAX_OPERATIONS = 200;

/** What has to hold after a kill. */
const checks: Record<Name, (place: Place) => Promise<void>> = {
  "install --force": ({ store, minimal }) => assertSound(store, minimal),
  async link({ store, project, later, minimal }) {
    const to = await Deno.realPath(join(project, "node_modules", later.name));
    const packages = new PackageStore(store);
    assert([minimal, later].some((one) => to === packages.treePath(one)), to);
    if (to === packages.treePath(later)) await assertKept(store, later);
  },
  async "install --save"({ store, lockPath, minimal, later }) {
    const [locked] = (await readLockFile(lockPath))!.packages.values();
    assert([minimal.version, later.version].includes(locked!.minimal.version));
    if (locked!.minimal.version === later.version) await assertKept(store, later);
  },
  async uninstall({ store, minimal }) {
    if (await new PackageStore(store).find(minimal)) await assertSound(store, minimal);
  },
  async "get -o DIR"({ target, minimal }) {
    if (namesIn(target).length === 0) return;
    const text = await Deno.readTextFile(join(target, "index.js"));
    assert.equal(text, `// ${minimal.version}\n`);
  },
  async remove({ seeds }) {
    for (const entry of await new SeedDirectory(seeds).list()) {
      assert.equal(entry.problem, undefined);
    }
  },
};

/** Whether the replacement can be done again: some are complete before their process ends. */
const canRepeat: Partial<Record<Name, (place: Place) => Promise<boolean>>> = {
  uninstall: async ({ store, minimal }) =>
    await new PackageStore(store).find(minimal) !== undefined,
  "get -o DIR": ({ target }) => Promise.resolve(namesIn(target).length === 0),
};

/** What has to hold once it was done again. */
const ends: Record<Name, (place: Place) => Promise<void>> = {
  "install --force": ({ store, minimal }) => assertSound(store, minimal),
  async link({ project, store, later }) {
    assert.deepEqual(namesIn(join(project, "node_modules")), [later.name]);
    const to = await Deno.realPath(join(project, "node_modules", later.name));
    assert.equal(to, new PackageStore(store).treePath(later));
  },
  async "install --save"({ project, lockPath, later }) {
    assert.deepEqual(namesIn(project), [basename(lockPath), "node_modules"]);
    const [locked] = (await readLockFile(lockPath))!.packages.values();
    assert.equal(locked!.minimal.version, later.version);
  },
  async uninstall({ store, minimal }) {
    assert.equal(await new PackageStore(store).find(minimal), undefined);
  },
  "get -o DIR": ({ target }) => {
    assert.deepEqual(namesIn(target), ["index.js", "manifest.json"]);
    return Promise.resolve();
  },
  remove: ({ seeds }) => {
    assert.deepEqual(namesIn(seeds).filter((name) => !name.startsWith(".")), []);
    return Promise.resolve();
  },
};

/** What links and lock files refer to is not pruned. */
async function assertKept(path: string, minimal: MinimalManifest): Promise<void> {
  const { removed } = await pruneStore(new PackageStore(path), { dryRun: true });
  assert(!removed.some((one) => one.id === packageId(minimal)), "it would be pruned");
}

async function assertSound(path: string, minimal: MinimalManifest): Promise<void> {
  const listed = (await new PackageStore(path).list())
    .filter((entry) => entry.problem !== undefined || entry.version === minimal.version);
  assert.deepEqual(listed.map(({ problem }) => problem), [undefined]);
  const entry = await new PackageStore(path).find(minimal);
  assert(entry && entry.problem === undefined, entry?.problem ?? "it is gone");
  assert.deepEqual(await checkStored(entry), []);
}

function namesIn(path: string): string[] {
  return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
}

/**
 * A store with two versions, of which a project links and locks the first, unknown to the store; and a
 * seed directory.
 */
async function makePlace(path: string): Promise<Place> {
  const at = (name: string) => join(path, name);
  for (const name of ["project", "seeds", "target", "archives"]) await Deno.mkdir(at(name));
  const store = new PackageStore(at("packages"));
  await store.ensure();
  const packed = [];
  for (const version of ["1.0.0", "2.0.0"]) {
    const dir = at(`source-${version}`);
    await Deno.mkdir(dir);
    await Deno.writeTextFile(join(dir, "index.js"), `// ${version}\n`);
    const { archivePath, minimal } = await packDirectory({
      dir,
      name: "app",
      version,
      outDir: at("archives"),
      signer,
      timestampMs: 1_700_000_000_000,
    });
    await using staged = await store.stage(minimal, archivePath, { limits: defaultArchiveLimits });
    await staged.commit({ links: new Map(), direct: false });
    packed.push({ archivePath, minimal });
  }
  const [{ archivePath, minimal }, { minimal: later }] = packed as [
    typeof packed[0],
    typeof packed[0],
  ];
  const { torrent } = await describeArchive(archivePath);
  await new SeedDirectory(at("seeds")).put({ archivePath, minimal, torrent });
  const lockPath = at("project/libreseed.lock.json");
  const project = at("project");
  const requirement = parseRequirement("app@1.0.0");
  await linkPackage(store, { requirement, directory: project });
  const ref = `${minimal.pubkey}/app@1.0.0`;
  const text = formatLockFile({
    packages: new Map([[ref, { minimal, dependencies: new Map() }]]),
    requirements: new Map([["app", { requirement: { name: "app" }, ref }]]),
  });
  await Deno.writeTextFile(lockPath, text);
  for (const path of await store.roots.list()) await store.roots.delete(path);
  const [seeds, target] = [at("seeds"), at("target")];
  return { store: store.path, project, lockPath, seeds, target, minimal, archivePath, later };
}

/** What lies in the store beside packages, locks and roots. */
function strays({ store }: Place): string[] {
  return namesIn(store)
    .filter((name) => !/^([0-9a-f]{64}|\.lock|\.place\.lock|\.save\.lock|\.roots)$/.test(name));
}

/** The import map that puts the counting file operations into a process. */
async function importMap(path: string): Promise<string> {
  const { imports } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const url = new URL("../support/killing_fs.ts", import.meta.url).href;
  const specifier = "node:fs/promises";
  const map = {
    imports: { ...imports, [specifier]: url },
    scopes: { [url]: { [specifier]: specifier } },
  };
  await Deno.writeTextFile(path, JSON.stringify(map));
  return path;
}

/** Does it in a process of its own; returns whether that was killed. */
async function replace(map: string, name: Name, place: Place, killAt: number): Promise<boolean> {
  const { code, signal, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-check", "--no-prompt", "--node-modules-dir=manual", "-A"],
      ...["--config", join(root, "deno.json"), "--import-map", map],
      join(root, "tests/fault/replacement.ts"),
      ...[name, JSON.stringify(place)],
    ],
    env: { KILL_AT: `${killAt}` },
    stdout: "null",
    stderr: "piped",
  }).output();
  if (signal === "SIGKILL") return true;
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return false;
}

for (const name of Object.keys(replacements) as Name[]) {
  Deno.test(`${name}, killed before each of its file operations, loses nothing`, async () => {
    await using home = await temporaryHome();
    const path = await Deno.realPath(home.path);
    const map = await importMap(join(path, "map.json"));
    let killAt = 0;
    let place: Place;
    do {
      await Deno.mkdir(join(path, `${++killAt}`));
      place = await makePlace(join(path, `${killAt}`));
      assert(killAt < MAX_OPERATIONS);
      if (!await replace(map, name, place, killAt)) break;
      try {
        await checks[name](place);
        if (await canRepeat[name]?.(place) ?? true) await replacements[name](place);
        await ends[name](place);
        // Any next command that changes the store tidies up.
        await new PackageStore(place.store).ensure();
        assert.deepEqual(strays(place), []);
      } catch (cause) {
        throw new Error(`killed before operation ${killAt}: ${(cause as Error).message}`, {
          cause,
        });
      }
    } while (true);
    assert(killAt > 2, "nothing was killed");
    await ends[name](place);
  });
}
