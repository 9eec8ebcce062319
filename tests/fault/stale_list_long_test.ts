/**
 * Nodes of the DHT that show an older list than a reader has seen: it takes back no flag.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Home, newPlace } from "../support/place.ts";

/**
 * Copies the state and the archives of a home into another one, which has no files yet. The nodes of the
 * first home's network are left out.
 */
async function copyHome(from: Home, to: Home): Promise<void> {
  await Deno.copyFile(join(from.path, "state.db"), join(to.path, "state.db"));
  const state = new DatabaseSync(join(to.path, "state.db"));
  state.exec("DELETE FROM dht_nodes");
  state.close();
  const seeded = from.files();
  if (seeded.length === 0) return;
  await Deno.mkdir(to.seed, { mode: 0o700 });
  for (const name of seeded) await Deno.copyFile(join(from.seed, name), join(to.seed, name));
}

Deno.test("a stale list un-yanks nothing for a reader that has seen the newer one", async () => {
  await using now = await newPlace();
  const publisher = await now.home();
  for (const version of ["1.0.0", "1.1.0"]) {
    await publisher.must(["publish", "-q", await now.source("pkg", version)]);
  }
  const spec = `${publisher.publicKey}/pkg`;
  // Another network, whose nodes have only the records from before the yank.
  await using before = await newPlace();
  const old = await before.home(publisher.keys);
  await copyHome(publisher, old);
  await old.must(["announce"]);

  await publisher.must(["yank", "pkg@1.1.0", "--reason", "loses data"]);
  const reader = await now.home(null);
  assert.match(await reader.must(["resolve", spec]), /"version":"1\.0\.0"/);

  const misled = await before.home(null);
  await copyHome(reader, misled);
  const versionOf = async (home: Home, range: string) =>
    JSON.parse(await home.must(["resolve", "--json", `${spec}${range}`]));
  assert.equal((await versionOf(await before.home(null), "@^1")).version, "1.1.0", "the old list");
  for (const range of ["", "@^1", "@latest"]) {
    assert.equal((await versionOf(misled, range)).version, "1.0.0", range);
  }
  const exact = await versionOf(misled, "@1.1.0");
  assert.deepEqual([exact.version, exact.yanked], ["1.1.0", "loses data"]);

  // The publisher's own home, too, keeps the flag when it writes the next list from the old one.
  const again = await before.home(publisher.keys);
  await copyHome(publisher, again);
  await again.must(["publish", "-q", await before.source("pkg", "1.0.1")]);
  const fresh = await before.home(null);
  assert.equal((await versionOf(fresh, "@^1")).version, "1.0.1");
  assert.equal((await versionOf(fresh, "@1.1.0")).yanked, "loses data");
});

Deno.test("a stale list yanks nothing again for a reader that has seen the yank taken back", async () => {
  await using now = await newPlace();
  const publisher = await now.home();
  for (const version of ["1.0.0", "1.1.0"]) {
    await publisher.must(["publish", "-q", await now.source("pkg", version)]);
  }
  const spec = `${publisher.publicKey}/pkg`;
  await publisher.must(["yank", "pkg@1.1.0"]);
  const reader = await now.home(null);
  await reader.must(["resolve", spec]);
  await using before = await newPlace();
  const old = await before.home(publisher.keys);
  await copyHome(publisher, old);
  await old.must(["announce"]);

  await publisher.must(["yank", "--undo", "pkg@1.1.0"]);
  assert.match(await reader.must(["resolve", spec]), /"version":"1\.1\.0"/);
  const misled = await before.home(null);
  await copyHome(reader, misled);
  assert.match(await misled.must(["resolve", `${spec}@^1`]), /"version":"1\.1\.0"/);
});
