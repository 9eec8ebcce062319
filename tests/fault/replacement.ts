/**
 * A child process that performs one replacement in a package store, so that a test can kill the
 * process midway. Its first argument names the replacement; its second is a {@linkcode Place} in
 * JSON.
 */

import { parseRequirement } from "../../src/fetching/requirement.ts";
import { linkPackage } from "../../src/install/link.ts";
import { saveToLock } from "../../src/install/project_lock.ts";
import { uninstall } from "../../src/install/prune.ts";
import { makeLink } from "../../src/launcher/links.ts";
import {
  archiveFileName,
  defaultArchiveLimits,
  type MinimalManifest,
  verifyArchive,
} from "../../src/package/mod.ts";
import { PackageStore, SeedDirectory } from "../../src/store/mod.ts";

/** Directories and packages that a replacement works on. All paths are absolute. */
export interface Place {
  store: string;
  project: string;
  lockPath: string;
  seeds: string;
  /** Directory into which the archive is unpacked. */
  target: string;
  /** The package in the store, before the replacement. */
  minimal: MinimalManifest;
  archivePath: string;
  /** A later version of the package, which is in the store too. */
  later: MinimalManifest;
}

/**
 * Maps the name of a command to a function that replaces or removes files as the command does: in
 * the package store, the project or the seed directory.
 */
export const replacements = {
  async "install --force"({ store, minimal, archivePath }: Place) {
    const packages = new PackageStore(store, makeLink);
    await packages.ensure();
    using _lock = await packages.lock("add");
    await using staged = await packages.stage(minimal, archivePath, {
      limits: defaultArchiveLimits,
    });
    await staged.commit({ links: new Map(), direct: false, replace: true });
  },
  async link({ store, project, later }: Place) {
    const requirement = parseRequirement(`${later.name}@${later.version}`);
    await linkPackage(new PackageStore(store, makeLink), { requirement, directory: project });
  },
  async "install --save"({ store, lockPath, later }: Place) {
    const packages = new PackageStore(store, makeLink);
    await packages.ensure();
    using _lock = await packages.lock("add");
    const ref = `${later.pubkey}/${later.name}@${later.version}`;
    const requirement = parseRequirement(later.name);
    const nodes = new Map([[ref, { minimal: later, edges: [] }]]);
    await saveToLock(packages, { lockPath }, { direct: [{ requirement, ref }], nodes });
  },
  async uninstall({ store, minimal }: Place) {
    const requirement = parseRequirement(`${minimal.name}@${minimal.version}`);
    await uninstall(new PackageStore(store, makeLink), requirement);
  },
  async "get -o DIR"({ archivePath, minimal, target }: Place) {
    const limits = defaultArchiveLimits;
    await verifyArchive({ archivePath, minimal, limits, unpackTo: target });
  },
  async remove({ seeds, minimal }: Place) {
    await new SeedDirectory(seeds).remove(archiveFileName(minimal.name, minimal.version));
  },
};

if (import.meta.main) {
  const [name, place] = Deno.args as [keyof typeof replacements, string];
  await replacements[name](JSON.parse(place));
}
