/** Tests what a daemon tells of the keys of a publisher that it follows, over HTTP. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { createClient } from "../../../src/api_client/mod.ts";
import { newPlace } from "../../support/place.ts";

Deno.test("a daemon tells which keys of a followed publisher sign now, have ended, and are revoked", async () => {
  await using place = await newPlace();
  const [owner, home] = [await place.home(null), await place.home()];
  const root = join(place.path, "root.key");
  const publisher = (await owner.must(["keygen", "--root-out", root])).trim();
  const signingKey = async () =>
    JSON.parse(await owner.must(["key", "show", "--json"])).signingKey as string;
  const first = await signingKey();
  await owner.must(["publish", "-q", await place.source("hello", "1.0.0")]);
  await using _owner = await owner.daemon();
  await using daemon = await home.daemon(["--http", "127.0.0.1:0"]);
  const [, baseUrl] = await daemon.process.waitForLine(/(http:\/\/127\.0\.0\.1:\d+)\/ shows/);
  const token = (await home.must(["token", "show"])).trim();
  const api = createClient({ baseUrl: baseUrl!, token });
  /** Has the daemon read the publisher's list, and returns what it knows of the keys. */
  const keysNow = async () => {
    await api.post("/v1/publishers", { body: { publisher } });
    const all = await api.get("/v1/publishers");
    const { keys, ended, revoked } = all.find((one) => one.publisher === publisher)!;
    return { keys, ended: ended.map(({ key }) => key), revoked };
  };
  // The identity is the root key, so another key signs from the beginning.
  assert.deepEqual(await keysNow(), { keys: [first], ended: [], revoked: [] });

  await owner.must(["key", "rotate", "--root", root]);
  const second = await signingKey();
  assert.notEqual(second, first);
  assert.deepEqual(await keysNow(), { keys: [second], ended: [first], revoked: [] });

  const beforeMs = Date.now();
  await owner.must([
    ...["key", "revoke", "--current", "--reason", "laptop stolen", "--root", root, "--yes"],
  ]);
  const { keys, ended, revoked: [revoked, ...others] } = await keysNow();
  assert.deepEqual([keys, ended, others], [[await signingKey()], [first], []]);
  assert.deepEqual([revoked!.key, revoked!.reason], [second, "laptop stolen"]);
  assert(revoked!.sinceMs >= beforeMs && revoked!.sinceMs <= Date.now());
});
