/** Tests which archives a daemon takes over HTTP, and whose record it looks up. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { createClient } from "../../../src/api_client/mod.ts";
import { minimalFileName } from "../../../src/package/mod.ts";
import { newPlace } from "../../support/place.ts";

Deno.test("a stranger's archive is taken with its record in the DHT, or with its manifest", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  await publisher.must(["publish", await place.source("hello", "1.0.0")]);
  const unpublished = join(place.path, "hello-2.0.0.tgz");
  await publisher.must(["pack", await place.source("hello", "2.0.0"), "-o", unpublished]);

  const reader = await place.home(null);
  await using daemon = await reader.daemon(["--http", "127.0.0.1:0"]);
  const [, baseUrl] = await daemon.process.waitForLine(/(http:\/\/127\.0\.0\.1:\d+)\/ shows/);
  const token = (await reader.must(["token", "show"])).trim();
  const api = createClient({ baseUrl: baseUrl!, token });
  const versions = async () => (await api.get("/v1/packages")).map(({ version }) => version).sort();

  const published = join(publisher.path, "seed", "hello-1.0.0.tgz");
  await api.post("/v1/archives", { archive: await Deno.readFile(published) });
  assert.deepEqual(await versions(), ["1.0.0"]);

  const archive = await Deno.readFile(unpublished);
  await assert.rejects(api.post("/v1/archives", { archive }), {
    code: "API_REQUEST",
    message: /The DHT has no record of hello@2\.0\.0 .*Libreseed-Manifest/,
  });
  assert.deepEqual(await versions(), ["1.0.0"]);
  const manifest = await Deno.readFile(minimalFileName(unpublished));
  await api.post("/v1/archives", { archive, manifest });
  assert.deepEqual(await versions(), ["1.0.0", "2.0.0"]);
});
