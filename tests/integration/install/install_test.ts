/**
 * Installing over a real DHT and real engines: a publisher's node and a user's, on a testnet.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../src/base/mod.ts";
import { loadSettings, type Settings } from "../../../src/config/mod.ts";
import {
  getArchive,
  homePaths,
  install,
  type InstallContext,
  installLocked,
  limitsOf,
  type NodeHandle,
  openNode,
  parseRequirement,
  publish,
  resolveByName,
} from "../../../src/daemon/mod.ts";
import {
  formatPublicKey,
  generateKeyPair,
  type KeyPair,
  parsePublicKey,
} from "../../../src/identity/mod.ts";
import { PackageStore, SeedDirectory, StateDatabase } from "../../../src/store/mod.ts";
import { startTestnet, type Testnet } from "../../../src/testnet/mod.ts";
import { temporaryHome } from "../../support/mod.ts";

/** A home with an engine of its own. */
class Home implements AsyncDisposable {
  readonly settings: Settings;
  readonly seeds: SeedDirectory;
  readonly store: PackageStore;
  readonly node: NodeHandle;
  readonly steps: string[] = [];
  lookups = 0;

  private constructor(settings: Settings, node: NodeHandle) {
    this.settings = settings;
    this.node = node;
    this.seeds = new SeedDirectory(settings.dir);
    this.store = new PackageStore(homePaths(settings.home).packages);
  }

  static async open(home: string, testnet: Testnet): Promise<Home> {
    const { values } = await loadSettings({
      flags: { home, port: "0", bootstrap: [testnet.bootstrap], "allow-local": true },
      env: {},
      cwd: home,
      userHome: home,
      readFile: () => Promise.resolve(undefined),
    });
    const node = await openNode({
      settings: values,
      clock: systemClock,
      onNotice: () => {},
      onWarning: () => {},
    });
    return new Home(values, node);
  }

  async publish(dir: string, keys: KeyPair): Promise<void> {
    const { minimal } = await publish({
      operations: this.node.operations,
      seeds: this.seeds,
      clock: systemClock,
      limits: limitsOf(this.settings),
    }, { path: dir, signer: () => Promise.resolve(keys) });
    const fileName = `${minimal.name.replace("/", "+")}-${minimal.version}.tgz`;
    await this.node.operations.add({ fileName });
  }

  /** What installs from the network. */
  context(state: StateDatabase): InstallContext {
    const { settings, seeds, store } = this;
    const limits = limitsOf(settings);
    const { timeoutMs, policy } = settings;
    const operations = {
      ...this.node.operations,
      lookUp: (...args: Parameters<NodeHandle["operations"]["lookUp"]>) => {
        this.lookups++;
        return this.node.operations.lookUp(...args);
      },
    };
    return {
      store,
      limits,
      async resolve({ publisher, name, range }, signal) {
        const publicKey = publisher === undefined ? undefined : parsePublicKey(publisher);
        const finding = { clock: systemClock, timeoutMs, signal };
        const wanted = { ...(publicKey && { publicKey }), name, range };
        return (await resolveByName({ operations, state, finding, policy }, wanted)).minimal;
      },
      fetch: async (minimal, signal) =>
        (await getArchive(
          { operations, seeds, clock: systemClock, limits, timeoutMs, signal },
          { kind: "minimal", minimal },
        )).archivePath,
      onStep: (step) => this.steps.push(step),
    };
  }

  state(): StateDatabase {
    return StateDatabase.open(homePaths(this.settings.home).state, systemClock);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node.close();
  }
}

async function writePackage(
  root: string,
  name: string,
  version: string,
  dependencies: Record<string, string> = {},
): Promise<string> {
  const dir = await Deno.makeTempDir({ dir: root, prefix: "source-" });
  const about = { name, version, libreseed: { dependencies } };
  await Deno.writeTextFile(join(dir, "package.json"), JSON.stringify(about));
  await Deno.writeTextFile(join(dir, "index.js"), `// ${name}@${version}\n`);
  return dir;
}

Deno.test("a package with ten dependencies is installed by its name, locked, and installed again", async () => {
  await using root = await temporaryHome();
  await using testnet = await startTestnet({ nodes: 12 });
  await using publisher = await Home.open(join(root.path, "publisher"), testnet);
  await using user = await Home.open(join(root.path, "user"), testnet);
  const keys = generateKeyPair();

  // app needs d0 to d4, which need d5 to d9 and, in a circle, app.
  const names = Array.from({ length: 10 }, (_, i) => `d${i}`);
  const first = Object.fromEntries(names.slice(0, 5).map((name) => [name, "^1"]));
  const sources = [await writePackage(root.path, "app", "1.0.0", first)];
  for (const [i, name] of names.entries()) {
    const needed: Record<string, string> = i < 5
      ? { [`d${i + 5}`]: "~1.0", d9: "^1", app: "*" }
      : {};
    sources.push(await writePackage(root.path, name, `1.0.${i}`, needed));
  }
  for (const dir of sources) await publisher.publish(dir, keys);

  using state = user.state();
  const lockPath = join(root.path, "libreseed.lock.json");
  const requirements = [parseRequirement("app@^1")];
  const request = { requirements, direct: false, lockPath };
  const { direct, packages } = await install(user.context(state), request);
  assert.equal(packages.length, 11);
  assert.ok(packages.every(({ present }) => !present));
  assert.equal(direct[0]!.minimal.pubkey, formatPublicKey(keys.publicKey));
  // As a program would find them: each package sees what lies beside its own tree.
  const beside = (path: string, name: string) =>
    Deno.realPath(join(path, "..", "node_modules", name));
  const d9 = await beside(await beside(direct[0]!.path, "d4"), "d9");
  assert.equal(await Deno.readTextFile(join(d9, "index.js")), "// d9@1.0.9\n");
  assert.ok(
    user.steps.some((step) => step.startsWith("these need each other: app@1.0.0 → d0@1.0.0")),
  );
  // Some ten lookups a package (its name, its publisher, its record), however many need it.
  assert.ok(user.lookups <= 11 * 20, `${user.lookups} lookups`);

  // Where there is neither archive nor package, the lock file is enough: nothing is looked up.
  await Deno.remove(user.store.path, { recursive: true });
  await Deno.remove(user.seeds.path, { recursive: true });
  await user.seeds.ensure();
  user.lookups = 0;
  const again = await installLocked(user.context(state), lockPath);
  assert.deepEqual(
    again.packages.map(({ minimal }) => minimal.infohash).sort(),
    packages.map(({ minimal }) => minimal.infohash).sort(),
  );
  assert.equal(user.lookups, 0);
});
