/**
 * Tests hostile catalogs: a publisher's list points to a catalog that is invalid or unreachable. A
 * request for a version range fails in time with an error that names the publisher. The package
 * store stays empty, and the seed directory keeps nothing.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { LibreseedError, toHex } from "../../../src/base/mod.ts";
import { parseRequirement } from "../../../src/fetching/requirement.ts";
import { formatPublicKey, generateKeyPair, type KeyPair } from "../../../src/identity/mod.ts";
import { install } from "../../../src/install/install.ts";
import { describeArchive, serializeMinimal } from "../../../src/package/mod.ts";
import { announceSalt, encodeAnnounceRecord } from "../../../src/records/mod.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { TestEngine } from "../../support/engines.ts";
import { temporaryHome } from "../../support/mod.ts";
import { Home } from "../../support/engine_home.ts";
import { signedItem, signedMinimal } from "../../support/signed.ts";

const MIB = 1 << 20;

const keys = generateKeyPair();
const publisher = formatPublicKey(keys.publicKey);
const line = (name: string, by: KeyPair) =>
  serializeMinimal(signedMinimal({
    name,
    version: "1.0.0",
    archiveSha256: `sha256:${"cd".repeat(32)}`,
    btih: "ab".repeat(20),
    length: 1_000,
    timestamp: Date.now(),
  }, by));

/** A test case: a catalog, and the expected error of a request for `hello@^1`. */
interface Case {
  what: string;
  /**
   * Contents of the catalog; or a number, the length of a sparse file; or `undefined` if no peer
   * has the catalog.
   */
  catalog: string | number | undefined;
  /** Upload limit of the seeder, in bytes per second. */
  uploadBytesPerSecond?: number;
  code: string;
  kind: string;
}

const cases: Case[] = [
  {
    what: "has 100 MB",
    catalog: 100_000_000,
    code: "TORRENT_TOO_LARGE",
    kind: "verification",
  },
  {
    what: "is sent too slowly",
    catalog: 8 * MIB,
    uploadBytesPerSecond: 20_000,
    code: "CATALOG_UNREACHABLE",
    kind: "network",
  },
  {
    what: "no peer has",
    catalog: undefined,
    code: "CATALOG_UNREACHABLE",
    kind: "network",
  },
  {
    what: "is cut short",
    catalog: line("hello", keys).slice(0, -20),
    code: "CATALOG_INVALID",
    kind: "verification",
  },
  { what: "is binary", catalog: 2 * MIB, code: "CATALOG_INVALID", kind: "verification" },
  {
    what: "is of another publisher",
    catalog: line("hello", generateKeyPair()),
    code: "VERSION_NOT_FOUND",
    kind: "not-found",
  },
];

for (const { what, catalog, uploadBytesPerSecond, code, kind } of cases) {
  Deno.test(`a catalog that ${what} gives ${code} and leaves the store empty`, async () => {
    await using root = await temporaryHome();
    await using testnet = await startTestnet({ nodes: 12, nodesPerAnswer: 8 });
    await using seeder = await TestEngine.start({ testnet, uploadBytesPerSecond });
    const manager = seeder.manager();
    await using _ = { [Symbol.asyncDispose]: () => manager.stop() };
    const path = seeder.path("catalog.jsonl");
    let catalogInfoHash = new Uint8Array(20).fill(7);
    if (typeof catalog === "string") await Deno.writeTextFile(path, catalog);
    if (typeof catalog === "number") {
      await Deno.writeTextFile(path, "\xff");
      await Deno.truncate(path, catalog);
    }
    if (catalog !== undefined) {
      const { torrent, infoHash, lengthBytes } = await describeArchive(path);
      const infoHashHex = toHex(infoHash);
      catalogInfoHash = new Uint8Array(infoHash);
      await seeder.engine.seed([{ infoHashHex, torrent, filePath: path, lengthBytes }]);
      await manager.announcePeer(infoHash, seeder.engine.port);
    }
    const nowMs = Date.now();
    const value = encodeAnnounceRecord({
      packages: new Map(Array.from({ length: 200 }, (_, i) => [`package-${i}`, ["1.0.0"]])),
      timestampMs: nowMs,
      catalogInfoHash,
    });
    await manager.put(signedItem(keys, { salt: announceSalt(keys.publicKey), seq: nowMs, value }));

    // The timeout is short only in cases where no peer can deliver the catalog.
    const timeout = code === "CATALOG_UNREACHABLE" ? "3s" : "60s";
    await using user = await Home.open(join(root.path, "user"), testnet, { timeout });
    const before = [...Deno.readDirSync(user.seeds.path)].map(({ name }) => name);
    using state = user.state();
    const request = { requirements: [parseRequirement(`${publisher}/hello@^1`)], direct: true };
    const error = await install(user.context(state), request).then(
      () => undefined,
      (error) => error,
    );
    assert.ok(error instanceof LibreseedError, Deno.inspect(error));
    assert.deepEqual([error.code, error.kind], [code, kind], error.message);
    assert.ok(error.message.includes(publisher), error.message);
    assert.deepEqual([await user.store.list(), state.pins.list()], [[], []]);
    // A valid catalog stays in the seed directory, even if it lacks the requested package. Hidden
    // files of incomplete downloads may stay too.
    const left = [...Deno.readDirSync(user.seeds.path)].map(({ name }) => name)
      .filter((name) =>
        !before.includes(name) && !name.startsWith(".") && code !== "VERSION_NOT_FOUND"
      );
    assert.deepEqual(left, []);
  });
}
