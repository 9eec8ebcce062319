import assert from "node:assert/strict";
import { join } from "node:path";
import { toHex } from "../../../src/base/mod.ts";
import type { Operations } from "../../../src/control/mod.ts";
import {
  keptCatalogName,
  makeCurrent,
  presentCatalog,
  presentFile,
} from "../../../src/fetching/catalog_files.ts";
import { catalogFileName, torrentOfBytes } from "../../../src/package/mod.ts";
import { temporaryHome } from "../../support/mod.ts";

Deno.test("of a catalog that was replaced, the copy that is seeded is found, and made the current one", async () => {
  await using home = await temporaryHome();
  const publicKey = new Uint8Array(32).fill(1);
  const fileName = catalogFileName(publicKey);
  const [named, later] = [new Uint8Array(10).fill(65), new Uint8Array(20).fill(66)];
  const { infoHash } = torrentOfBytes(fileName, named);
  const kept = keptCatalogName(fileName, toHex(infoHash));
  await Deno.writeFile(join(home.path, fileName), later);
  assert.equal(await presentCatalog(home.path, publicKey, infoHash), undefined);
  await Deno.writeFile(join(home.path, kept), later);
  assert.equal(await presentCatalog(home.path, publicKey, infoHash), undefined);
  await Deno.writeFile(join(home.path, kept), named);
  assert.equal(await presentFile(home.path, fileName, infoHash, named.length - 1), undefined);
  const present = (await presentCatalog(home.path, publicKey, infoHash))!;
  assert.deepEqual([present.bytes, present.isCurrent], [named, false]);

  const seeded: string[] = [];
  const operations = {
    status: () => Promise.resolve({ daemon: true }),
    addCatalog: ({ fileName }: { fileName: string }) => {
      seeded.push(fileName);
      return Promise.resolve();
    },
  } as unknown as Operations;
  const context = { operations, seedDirectory: home.path };
  await makeCurrent(context, fileName, present);
  assert.deepEqual(await Deno.readFile(join(home.path, fileName)), named);
  assert.deepEqual(seeded, [fileName]);
  const current = (await presentCatalog(home.path, publicKey, infoHash))!;
  assert.equal(current.isCurrent, true);
  await makeCurrent(context, fileName, current);
  assert.deepEqual(seeded, [fileName]);
});
