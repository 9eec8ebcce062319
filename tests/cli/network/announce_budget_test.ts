/**
 * The budget of announcements, by running the program: what `status` says of versions beyond it, how
 * `announce` brings one back, and that readers find the others all the same.
 *
 * @module
 */

import assert from "node:assert/strict";
import { eventually, newPlace } from "../../support/place.ts";

/** Settings with which only names, lists and rendezvous are announced individually. */
const tight = { env: { LIBRESEED_ANNOUNCE_BUDGET: "0" } };

Deno.test("beyond the budget a version is found by libreseed, and `announce` brings it back for others", async () => {
  await using place = await newPlace();
  const home = await place.home();
  await home.must([
    "publish",
    "-q",
    await place.source("a", "0.9.0"),
    await place.source("a", "1.0.0"),
    await place.source("a", "1.1.0"),
  ]);
  // Without a daemon no peer is announced. The next daemon announces what was named.
  assert.doesNotMatch(await home.must(["announce", "a@0.9.0"]), /torrent/);

  await using daemon = await home.daemon([], tight);
  const status = async () => JSON.parse(await home.must(["status", "--json"]));
  await eventually(async () => (await status()).announcing?.unannounced === 2);
  assert.equal((await status()).announcing.budget, 0);
  const text = await home.must(["status"]);
  assert.match(
    text,
    /announced\s+not all: 2 versions are beyond announce-budget \(0 packets an hour\)/,
  );
  assert.match(await home.must(["status", "a"]), /seeding, not found by other BitTorrent clients/);

  const { stderr } = await home.run(["publish", await place.source("b", "1.0.0")]);
  assert.match(stderr, /more versions than announce-budget can announce: other BitTorrent clients/);
  await home.must(["remove", "b@1.0.0"]);

  const reader = await place.home(null);
  const got = await reader.must(["get", "-q", `${home.publicKey}/a@1.0.0`]);
  assert.match(got, /a-1\.0\.0\.tgz/);

  const announced = await home.must(["announce", "a@1.1.0"]);
  assert.match(announced, /^torrent of a@1\.1\.0\tstored on [1-8] nodes/m);
  assert.doesNotMatch(announced, /torrent of a@1\.0\.0/);
  // It stays announced when the plan is made again, and after a restart.
  await daemon.end();
  await using again = await home.daemon([], tight);
  await eventually(async () => (await status()).announcing?.unannounced === 1);
  assert.match(
    await home.must(["status", "--all"]),
    /a@1\.0\.0: seeding, not found by other BitTorrent clients/,
  );
  assert.doesNotMatch(await home.must(["status", "--all"]), /a@1\.1\.0: .*not found by other/);
  await again.end();
});
