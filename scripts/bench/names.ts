/**
 * Measures the cost of finding a package by name and version range: DHT lookups, packets, bytes.
 * The contenders are different ways to name the same package. `deno run -A scripts/bench/names.ts`.
 */

import { join } from "node:path";
import { systemClock, toHex, utf8 } from "../../src/base/mod.ts";
import { loadSettings } from "../../src/config/mod.ts";
import { writeCatalog } from "../../src/fetching/catalog_files.ts";
import { keepIndex } from "../../src/fetching/catalog_index.ts";
import { openNode } from "../../src/host/node.ts";
import { formatPublicKey, keyPairFromSeed, writeKeyFile } from "../../src/identity/mod.ts";
import { localRequests } from "../../src/launcher/mod.ts";
import { catalogFileName, type MinimalManifest, serializeCatalog } from "../../src/package/mod.ts";
import { announceSalt, encodeCatalogRecord } from "../../src/records/mod.ts";
import { startTestnet } from "../../src/testnet/mod.ts";
import { type Daemon, type Home, Place } from "../../tests/support/place.ts";
import { temporaryHome } from "../../tests/support/mod.ts";
import { type Contender, type Figures, type Metric, type Row, runBenchmarks } from "./harness.ts";
import { signedItem, signedMinimal } from "../../tests/support/signed.ts";

const NODES = 100;
const PACKAGES = 2_000;
const DEPENDENCIES = 10;

/** A publisher whose daemon seeds packages. Each round uses a new user. */
interface Scene {
  place: Place;
  publisher: Home;
  daemon: Daemon;
  /** The publisher's identity, if it has a root key. */
  identity?: string;
}

async function publisherOn(): Promise<Scene> {
  const directory = await temporaryHome();
  const testnet = await startTestnet({ nodes: NODES, nodesPerAnswer: 8 });
  const place = new Place(await Deno.realPath(directory.path), testnet, directory.remove);
  const publisher = await place.home();
  return { place, publisher, daemon: await publisher.daemon(["--dht-rate", "10000"]) };
}

/** Sets up a publisher with 2,000 packages, among them `hello` in three versions. */
async function longList(): Promise<Scene> {
  const scene = await publisherOn();
  const { place, publisher } = scene;
  const versions = ["1.0.0", "1.1.0", "1.2.0"];
  const sources = await Promise.all(versions.map((version) => place.source("hello", version)));
  await publisher.must(["publish", "-q", ...sources]);
  const manifests = await Promise.all(versions.map(async (version): Promise<MinimalManifest> => {
    const path = join(publisher.seed, `hello-${version}.minimal.json`);
    return JSON.parse(await Deno.readTextFile(path));
  }));
  for (let i = manifests.length; i < PACKAGES; i++) {
    manifests.push(signedMinimal({
      name: `package-${i}`,
      version: "1.0.0",
      archiveSha256: `sha256:${i.toString(16).padStart(64, "0")}`,
      btih: i.toString(16).padStart(40, "0"),
      length: 1_000,
      timestamp: Date.now(),
    }, publisher.keys));
  }
  await list(scene, manifests);
  return scene;
}

/** Puts the publisher's package list into the DHT, as the last step of `publish` does. */
async function list({ place, publisher }: Scene, manifests: MinimalManifest[]): Promise<void> {
  const { values } = await loadSettings({
    flags: { home: publisher.path, bootstrap: [place.testnet.bootstrap], "allow-local": true },
    env: {},
    cwd: publisher.path,
    userHome: publisher.path,
    readFile: () => Promise.resolve(undefined),
  });
  const node = await openNode({
    launcher: localRequests(),
    settings: values,
    clock: systemClock,
    onNotice: () => {},
    onWarning: console.error,
  });
  try {
    const { keys } = publisher;
    const bytes = utf8(serializeCatalog(manifests));
    const grown = { bytes, sameBytes: 0, added: manifests.length };
    const catalogInfoHash = await writeCatalog(values.dir, keys.publicKey, grown);
    const { operations } = node;
    await operations.addCatalog({ fileName: catalogFileName(keys.publicKey) });
    const fetching = { operations, seedDirectory: values.dir };
    const indexInfoHash = await keepIndex(fetching, keys.publicKey, bytes);
    const nowMs = Date.now();
    const value = encodeCatalogRecord({
      count: manifests.length,
      timestampMs: nowMs,
      catalogInfoHash,
      indexInfoHash,
    });
    const salt = announceSalt(keys.publicKey);
    const item = signedItem(keys, { salt, seq: nowMs, value });
    const { holding } = await node.operations.store({
      item,
      record: { kind: "announce" },
    });
    if (holding < 8) throw new Error(`the list of ${toHex(keys.publicKey)} is on ${holding} nodes`);
  } finally {
    await node.close();
  }
}

/**
 * Sets up a package with ten dependencies by name, and another that names the same dependencies
 * with their publisher's key.
 */
async function dependent(): Promise<Scene> {
  const scene = await publisherOn();
  const { place, publisher } = scene;
  const names = Array.from({ length: DEPENDENCIES }, (_, i) => `lib-${i}`);
  const sources = await Promise.all(names.map((name) => place.source(name, "1.0.0")));
  for (const [name, key] of [["app", ""], ["keyed", `${publisher.publicKey}/`]] as const) {
    const dir = await place.source(name, "1.0.0");
    const dependencies = Object.fromEntries(names.map((lib) => [`${key}${lib}`, "^1"]));
    const about = { name, version: "1.0.0", libreseed: { dependencies } };
    await Deno.writeTextFile(join(dir, "package.json"), JSON.stringify(about));
    sources.push(dir);
  }
  await publisher.must(["publish", "-q", ...sources]);
  return scene;
}

/** Sets up a publisher with a root key, and `hello` in three versions. */
async function withRoot(): Promise<Scene> {
  const directory = await temporaryHome();
  const testnet = await startTestnet({ nodes: NODES, nodesPerAnswer: 8 });
  const place = new Place(await Deno.realPath(directory.path), testnet, directory.remove);
  // Where the keys lie in the DHT decides about some packets, so they are the same in every run.
  const [root, signing] = [1, 2].map((byte) => keyPairFromSeed(new Uint8Array(32).fill(byte)));
  const publisher = await place.home(signing);
  await writeKeyFile(join(publisher.path, "keys", "root.key"), root!);
  await publisher.must(["key", "certify", publisher.publicKey]);
  const daemon = await publisher.daemon(["--dht-rate", "10000"]);
  const versions = ["1.0.0", "1.1.0", "1.2.0"];
  const sources = await Promise.all(versions.map((version) => place.source("hello", version)));
  await publisher.must(["publish", "-q", ...sources]);
  return { place, publisher, daemon, identity: formatPublicKey(root!.publicKey) };
}

/** Makes a way of asking, from a home that has resolved another version of the package before. */
function known(range: string): (scene: Scene, user: Home) => Promise<Figures> {
  return async ({ identity }, user) => {
    await user.must(["resolve", `${identity}/hello@1.0.0`]);
    return await cost(user, ["resolve", `${identity}/hello@${range}`]);
  };
}

/** Runs a command, and parses the report of its cost that the command prints. */
export async function cost(home: Home, args: string[], cwd?: string): Promise<Figures> {
  const { code, stderr } = await home.run([...args, "-v"], {
    timeoutMs: 120_000,
    ...(cwd !== undefined && { cwd }),
  });
  const said =
    /^(\d+) DHT lookups, \d+ of \d+ nodes answered: (\d+) packets and (\d+) bytes sent, (\d+) packets and (\d+) bytes received(?:; \d+ downloads?, (\d+) bytes)?$/m
      .exec(stderr);
  if (code !== 0 || !said) throw new Error(`${args.join(" ")}: ${code}\n${stderr}`);
  const [lookups, packetsOut, bytesOut, packetsIn, bytesIn, downloaded = 0] = said.slice(1)
    .map((text) => text === undefined ? 0 : Number(text));
  return {
    lookups: lookups!,
    packets: packetsOut! + packetsIn!,
    bytes: (bytesOut! + bytesIn!) / 1_000,
    // The metric is omitted if nothing was downloaded, because a ratio to zero has no meaning.
    ...(downloaded > 0 && { downloaded: downloaded / 1_000 }),
  };
}

const metrics: Metric[] = [
  { key: "lookups", name: "lookups", unit: "" },
  { key: "packets", name: "packets, both ways", unit: "" },
  { key: "bytes", name: "DHT bytes, both ways", unit: "kB" },
  { key: "downloaded", name: "downloaded", unit: "kB" },
];

/**
 * Makes contenders that share one scene, which is a publisher with a running daemon. The first
 * round sets the scene up, and the scene stays until the benchmark ends.
 */
function ways(
  make: () => Promise<Scene>,
  asking: Record<string, (scene: Scene, user: Home) => Promise<Figures>>,
): Pick<Row, "contenders" | "dispose"> {
  let scene: Promise<Scene> | undefined;
  const contenders = Object.entries(asking).map(([name, ask]): Contender => ({
    name,
    async round() {
      scene ??= make();
      const { place } = await scene;
      return await ask(await scene, await place.home(null));
    },
  }));
  return {
    contenders,
    async dispose() {
      const made = await scene;
      scene = undefined;
      await made?.daemon.end();
      await made?.place[Symbol.asyncDispose]();
    },
  };
}

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [
  {
    id: "names-range",
    title: "A range of versions, of a publisher with 2,000 packages",
    about:
      `A testnet of ${NODES} nodes, and a publisher whose list of 2,000 packages is a catalog ` +
      "that one daemon seeds. `libreseed resolve -v` asks for `hello@^1` from a home that is new each " +
      "time, and says itself what it took.",
    metrics,
    ...ways(longList, {
      "NAME@^1": (_, user) => cost(user, ["resolve", "hello@^1"]),
      "KEY/NAME@^1": ({ publisher }, user) =>
        cost(user, ["resolve", `${publisher.publicKey}/hello@^1`]),
      "KEY/NAME@1.2.0": ({ publisher }, user) =>
        cost(user, ["resolve", `${publisher.publicKey}/hello@1.2.0`]),
    }),
    rounds: 5,
  },
  {
    id: "names-known",
    title: "A publisher with a root key, met for the first time and known",
    about:
      `A testnet of ${NODES} nodes, and a publisher with a root key whose daemon seeds three versions. ` +
      "`libreseed resolve -v` asks from a home that is new each time, or that has resolved another " +
      "version before (known), and says itself what it took.",
    metrics,
    ...ways(withRoot, {
      "KEY/NAME@^1": ({ identity }, user) => cost(user, ["resolve", `${identity}/hello@^1`]),
      "KEY/NAME@1.2.0": ({ identity }, user) => cost(user, ["resolve", `${identity}/hello@1.2.0`]),
      "KEY/NAME@^1, known": known("^1"),
      "KEY/NAME@1.2.0, known": known("1.2.0"),
    }),
    rounds: 5,
  },
  {
    id: "names-install",
    title: "A package with ten dependencies",
    about:
      `A testnet of ${NODES} nodes, and one publisher of a package and the ${DEPENDENCIES} that it ` +
      "depends on with ranges. `libreseed install -v` into a home that is new each time.",
    metrics,
    ...ways(dependent, {
      "bare names": (_, user) => cost(user, ["install", "app"]),
      "KEY/NAME throughout": ({ publisher }, user) =>
        cost(user, ["install", `${publisher.publicKey}/keyed`]),
      "lock file": async ({ place }, user) => {
        const project = await Deno.makeTempDir({ dir: place.path, prefix: "project-" });
        await user.must(["install", "--save", "app"], { cwd: project, timeoutMs: 120_000 });
        const other = await place.home(null);
        return await cost(other, ["install", "--frozen"], project);
      },
    }),
    rounds: 5,
  },
];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
