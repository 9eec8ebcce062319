/**
 * Measures what a reader without anything downloads for a range of a publisher with many versions: a part of
 * the catalog by its index, or the whole catalog, as programs that know no index do.
 * `deno run -A scripts/bench/catalog.ts`.
 */

import { join } from "node:path";
import { startTestnet } from "../../src/testnet/mod.ts";
import type { MinimalManifest } from "../../src/package/mod.ts";
import { listCatalog, longCatalog } from "../../tests/support/long_catalog.ts";
import { temporaryHome } from "../../tests/support/mod.ts";
import { type Daemon, type Home, Place } from "../../tests/support/place.ts";
import { type Contender, type Figures, type Metric, type Row, runBenchmarks } from "./harness.ts";
import { cost } from "./names.ts";

const NODES = 30;

/** A publisher whose daemon seeds a long catalog. */
interface Scene {
  place: Place;
  publisher: Home;
  daemon: Daemon;
}

/** Sets up a publisher of `hello`, and of many packages besides. */
async function longList(packages: number, versions: number, index: boolean): Promise<Scene> {
  const directory = await temporaryHome();
  const testnet = await startTestnet({ nodes: NODES, nodesPerAnswer: 8 });
  const place = new Place(await Deno.realPath(directory.path), testnet, directory.remove);
  const publisher = await place.home();
  await publisher.must(["publish", "-q", await place.source("hello", "1.0.0")]);
  const text = await Deno.readTextFile(join(publisher.seed, "hello-1.0.0.minimal.json"));
  const others: MinimalManifest[] = [JSON.parse(text)];
  const { keys } = publisher;
  const long = await longCatalog({ keys, packages, versions, signed: -1, others });
  const daemon = await publisher.daemon(["--dht-rate", "10000"]);
  await listCatalog(publisher, place.testnet, long, { index });
  return { place, publisher, daemon };
}

const metrics: Metric[] = [
  { key: "downloaded", name: "downloaded", unit: "kB" },
  { key: "lookups", name: "lookups", unit: "" },
  { key: "packets", name: "packets, both ways", unit: "" },
  { key: "bytes", name: "DHT bytes, both ways", unit: "kB" },
];

function row(id: string, packages: number, versions: number): Row {
  const scenes: Promise<Scene>[] = [];
  const contender = (name: string, index: boolean): Contender => {
    let scene: Promise<Scene> | undefined;
    return {
      name,
      async round(): Promise<Figures> {
        if (!scene) scenes.push(scene = longList(packages, versions, index));
        const { place, publisher } = await scene;
        const user = await place.home(null);
        return await cost(user, ["resolve", `${publisher.publicKey}/hello@^1`]);
      },
    };
  };
  // One more than these: a catalog has at most 100,000 lines.
  const count = (packages * versions + 1).toLocaleString("en");
  return {
    id,
    title: `A range of versions, of a publisher with ${count} versions`,
    about:
      `A testnet of ${NODES} nodes, and a publisher of ${packages.toLocaleString("en")} packages ` +
      `with ${versions} versions each, in a catalog that one daemon seeds. \`libreseed resolve -v\` asks ` +
      "for `KEY/NAME@^1` from a home that is new each time. Downloaded are all bytes that peers send, " +
      "with metadata and messages; of a whole catalog, its length.",
    metrics,
    contenders: [contender("by the index", true), contender("the whole catalog", false)],
    rounds: 3,
    async dispose() {
      for (const scene of scenes.splice(0)) {
        const { place, daemon } = await scene;
        await daemon.end();
        await place[Symbol.asyncDispose]();
      }
    },
  };
}

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [
  row("catalog-10000", 10_000, 1),
  row("catalog-100000", 999, 100),
  row("catalog-100000-names", 99_999, 1),
];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
