/**
 * Helpers for tests of installation: publishers, packages with dependencies, and a simulated
 * network.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import semver from "semver";
import { LibreseedError, NO_FLAGS, type PackageFlags } from "../../../src/base/mod.ts";
import type { Requirement } from "../../../src/fetching/requirement.ts";
import { formatPublicKey, type KeyPair, keyPairFromSeed } from "../../../src/identity/mod.ts";
import type { FoundPackage, InstallContext } from "../../../src/install/context.ts";
import { makeLink } from "../../../src/launcher/links.ts";
import {
  defaultArchiveLimits,
  type MinimalManifest,
  packDirectory,
} from "../../../src/package/mod.ts";
import { PackageStore } from "../../../src/store/mod.ts";
import { temporaryHome } from "../../support/mod.ts";
import { signedMinimal } from "../../support/signed.ts";

export const alice: KeyPair = keyPairFromSeed(new Uint8Array(32).fill(21));
export const mallory: KeyPair = keyPairFromSeed(new Uint8Array(32).fill(22));
export const aliceKey: string = formatPublicKey(alice.publicKey);
export const malloryKey: string = formatPublicKey(mallory.publicKey);

/** Registers a test that gets its own store, project and simulated network. */
export function installTest(name: string, run: (place: InstallPlace) => Promise<void>): void {
  Deno.test(name, async () => {
    await using home = await temporaryHome();
    await run(new InstallPlace(await Deno.realPath(home.path)));
  });
}

/** Makes a signed minimal manifest of an archive that does not exist. */
export function signed(name: string, version: string, signer: KeyPair = alice): MinimalManifest {
  const hash = createHash("sha256").update(`${name}@${version}`).digest("hex");
  return signedMinimal({
    name,
    version,
    archiveSha256: `sha256:${hash}`,
    btih: hash.slice(0, 40),
    length: 1,
    timestamp: 1_700_000_000_000,
  }, signer);
}

/** Files and dependencies of a test package. */
export interface Made {
  dependencies?: Record<string, string>;
  signer?: KeyPair;
  files?: Record<string, string>;
}

/**
 * A store, a project, and a shelf. The shelf holds the archives that the simulated network offers.
 */
export class InstallPlace {
  readonly path: string;
  /** Flags of every package on the shelf. */
  flags: PackageFlags = NO_FLAGS;
  readonly store: PackageStore;
  /** Path of the directory of the project for which packages are installed. */
  readonly project: string;
  /** Archives on the shelf, by infohash. */
  readonly archives = new Map<string, string>();
  readonly published: MinimalManifest[] = [];
  /** Log of the lookups and downloads that an installation requested, in order. */
  readonly asked: string[] = [];
  readonly steps: string[] = [];
  readonly pins = new Map<string, string>();

  constructor(path: string) {
    this.path = path;
    this.store = new PackageStore(join(path, "packages"), makeLink);
    this.project = join(path, "project");
    Deno.mkdirSync(this.project);
  }

  get lockPath(): string {
    return join(this.project, "libreseed.lock.json");
  }

  /** Packs a package and puts it on the shelf. */
  async make(spec: string, made: Made = {}): Promise<MinimalManifest> {
    const at = spec.indexOf("@", 1);
    const [name, version] = [spec.slice(0, at), spec.slice(at + 1)];
    const dir = await Deno.makeTempDir({ dir: this.path, prefix: "source-" });
    const about = { name, version, libreseed: { dependencies: made.dependencies ?? {} } };
    await Deno.writeTextFile(join(dir, "package.json"), JSON.stringify(about));
    for (const [path, text] of Object.entries(made.files ?? { "index.js": `// ${spec}\n` })) {
      await Deno.mkdir(join(dir, path, ".."), { recursive: true });
      await Deno.writeTextFile(join(dir, path), text);
    }
    const { archivePath, minimal } = await packDirectory({
      dir,
      outDir: await Deno.makeTempDir({ dir: this.path, prefix: "archive-" }),
      signer: made.signer ?? alice,
      timestampMs: 1_700_000_000_000,
    });
    this.archives.set(minimal.archiveSha256, archivePath);
    this.published.push(minimal);
    return minimal;
  }

  /**
   * Makes the context of an installation that finds and downloads packages on the shelf instead of
   * in the network.
   */
  context(more: Partial<InstallContext> = {}): InstallContext {
    return {
      store: this.store,
      limits: defaultArchiveLimits,
      resolve: (wanted, _signal, without) => Promise.resolve(this.found(wanted, without)),
      fetch: ({ name, version, archiveSha256 }) => {
        this.asked.push(`fetch ${name}@${version}`);
        return Promise.resolve({ archivePath: this.archives.get(archiveSha256)! });
      },
      pinned: (name) => this.pins.get(name),
      onStep: (step) => this.steps.push(step),
      ...more,
    };
  }

  /** Wraps the result of {@linkcode InstallPlace.find} as a package found in the DHT. */
  found(wanted: Requirement, without?: ReadonlySet<string>): FoundPackage {
    return { minimal: this.find(wanted, without), skipped: [], flags: this.flags };
  }

  /** Returns the highest version on the shelf that satisfies the requirement. */
  find(wanted: Requirement, without: ReadonlySet<string> = new Set()): MinimalManifest {
    const { publisher, name, range = "*" } = wanted;
    this.asked.push(`resolve ${name}@${range}`);
    const found = this.published.filter((one) =>
      one.name === name && (publisher === undefined || one.pubkey === publisher) &&
      semver.satisfies(one.version, range) && !without.has(one.version)
    ).sort((a, b) => semver.rcompare(a.version, b.version));
    if (found[0]) return found[0];
    throw new LibreseedError("not-found", "NAME_NOT_FOUND", `Nobody publishes ${name}@${range}`);
  }

  /**
   * Lists `NAME@VERSION` of each stored package, sorted. Fails if a package is damaged or
   * incomplete.
   */
  async stored(): Promise<string[]> {
    const names: string[] = [];
    for (const entry of await this.store.list()) {
      assert.equal(entry.problem, undefined);
      names.push(`${entry.name}@${entry.version}`);
    }
    return names.sort();
  }

  /** Lists the files in the store's directory that are neither packages nor locks. */
  strays(): string[] {
    try {
      return [...Deno.readDirSync(this.store.path)].map(({ name }) => name)
        .filter((name) => !/^([0-9a-f]{64}|\.lock|\.place\.lock|\.save\.lock|\.roots)$/.test(name));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }
}

/** Asserts that a promise rejects with the given error code, and returns the error. */
export async function failure(promise: Promise<unknown>, code: string): Promise<LibreseedError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof LibreseedError, Deno.inspect(error));
    assert.equal(error.code, code, error.message);
    return error;
  }
  assert.fail(`went well; expected ${code}`);
}
