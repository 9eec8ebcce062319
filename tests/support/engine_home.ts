/**
 * Homes with an engine each, like those of commands and daemons, on a testnet with a given clock.
 *
 * @module
 */

import { join } from "node:path";
import { type Clock, systemClock, toHex } from "../../src/base/mod.ts";
import { loadSettings, type PublisherPolicy, type Settings } from "../../src/config/mod.ts";
import { homePaths } from "../../src/control/mod.ts";
import { getArchive } from "../../src/fetching/get_archive.ts";
import { OfferCache } from "../../src/fetching/offer_cache.ts";
import { type NodeHandle, openNode } from "../../src/host/node.ts";
import { type KeyPair, parsePublicKey } from "../../src/identity/mod.ts";
import { makeLink } from "../../src/launcher/links.ts";
import { localRequests } from "../../src/launcher/mod.ts";
import type { InstallContext } from "../../src/install/context.ts";
import type { NamesContext } from "../../src/names/context.ts";
import { checkPin } from "../../src/names/pins.ts";
import { resolveByName } from "../../src/names/resolve_by_name.ts";
import { archiveFileName, archiveLimitsOf, type MinimalManifest } from "../../src/package/mod.ts";
import { publish } from "../../src/publishing/publish.ts";
import { PackageStore, SeedDirectory, StateDatabase } from "../../src/store/mod.ts";
import { trustOf } from "./identities.ts";
import type { Testnet } from "../../src/testnet/mod.ts";

/** A home of a test with an engine that no other home shares. */
export class Home implements AsyncDisposable {
  readonly settings: Settings;
  readonly seeds: SeedDirectory;
  readonly store: PackageStore;
  readonly node: NodeHandle;
  readonly clock: Clock;
  readonly steps: string[] = [];
  readonly warnings: string[] = [];
  /** Salts of the records that were looked up so far. Each lookup adds its salt. */
  readonly lookups: string[] = [];

  private constructor(settings: Settings, clock: Clock, node: NodeHandle, warnings: string[]) {
    this.settings = settings;
    this.clock = clock;
    this.node = node;
    this.warnings = warnings;
    this.seeds = new SeedDirectory(settings.dir);
    this.store = new PackageStore(homePaths(settings.home).packages, makeLink);
  }

  static async open(
    home: string,
    testnet: Testnet,
    { clock = systemClock, timeout = "60s" }: { clock?: Clock; timeout?: string } = {},
  ): Promise<Home> {
    const { values } = await loadSettings({
      flags: {
        home,
        port: "0",
        bootstrap: [testnet.bootstrap],
        "allow-local": true,
        timeout,
        "dht-rate": "5000",
      },
      env: {},
      cwd: home,
      userHome: home,
      readFile: () => Promise.resolve(undefined),
    });
    const warnings: string[] = [];
    const node = await openNode({
      launcher: localRequests(),
      settings: values,
      clock,
      onNotice: () => {},
      onWarning: (message) => warnings.push(message),
    });
    return new Home(values, clock, node, warnings);
  }

  /** Publishes a directory and seeds the package. */
  async publish(dir: string, keys: KeyPair): Promise<MinimalManifest> {
    const { minimal } = await publish({
      operations: this.node.operations,
      seeds: this.seeds,
      clock: this.clock,
      limits: archiveLimitsOf(this.settings),
      onWarning: (message) => this.warnings.push(message),
    }, { path: dir, signer: () => Promise.resolve(keys) });
    await this.seed(minimal);
    return minimal;
  }

  /** Seeds a package that is in the seed directory. */
  async seed({ name, version }: MinimalManifest): Promise<void> {
    await this.node.operations.add({ fileName: archiveFileName(name, version) });
  }

  /**
   * Makes the context for resolving names. Lookups made through the context are recorded in
   * `lookups`.
   */
  names(state: StateDatabase, policy?: PublisherPolicy): NamesContext {
    const { settings, clock } = this;
    return {
      operations: {
        ...this.node.operations,
        lookUp: (...args: Parameters<NodeHandle["operations"]["lookUp"]>) => {
          this.lookups.push(toHex(args[0].salt));
          return this.node.operations.lookUp(...args);
        },
      },
      state,
      finding: { clock, timeoutMs: settings.timeoutMs },
      policy: policy ?? settings.policy,
      offers: new OfferCache(trustOf(state, clock)),
      onDetail: (detail) => this.steps.push(detail),
    };
  }

  /** Makes the context for installing from the network. */
  context(state: StateDatabase, policy?: PublisherPolicy, store = this.store): InstallContext {
    const { settings, seeds } = this;
    const limits = archiveLimitsOf(settings);
    const names = this.names(state, policy);
    const { operations } = names;
    return {
      store,
      limits,
      async resolve({ publisher, name, range }, signal, without) {
        const publicKey = publisher === undefined ? undefined : parsePublicKey(publisher);
        const wanted = { ...(publicKey && { publicKey }), name, range };
        const finding = { ...names.finding, signal };
        return await resolveByName({ ...names, finding }, wanted, without);
      },
      fetch: async (minimal, signal) =>
        await getArchive(
          {
            ...{ operations, seeds, limits, trust: names.offers.trust },
            finding: { ...names.finding, signal },
          },
          { kind: "minimal", minimal },
        ),
      checkPublisher: (name, publisher) =>
        checkPin(name, parsePublicKey(publisher), state.pins.list(name)),
      onStep: (step) => this.steps.push(step),
    };
  }

  state(): StateDatabase {
    return StateDatabase.open(homePaths(this.settings.home).state, this.clock);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node.close();
  }
}

/** Writes a directory that can be published. */
export async function writePackage(
  root: string,
  name: string,
  version: string,
  dependencies: Record<string, string> = {},
  text = `// ${name}@${version}\n`,
): Promise<string> {
  const dir = await Deno.makeTempDir({ dir: root, prefix: "source-" });
  const about = { name, version, libreseed: { dependencies } };
  await Deno.writeTextFile(join(dir, "package.json"), JSON.stringify(about));
  await Deno.writeTextFile(join(dir, "index.js"), text);
  return dir;
}
