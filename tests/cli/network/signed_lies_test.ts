/**
 * Tests an archive that its publisher has signed, and whose files are not those of its manifest: it may
 * lie in a seed directory, but no command makes files of it.
 */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../../src/base/mod.ts";
import { connectControl } from "../../../src/control/client.ts";
import { archiveFileName, serializeMinimal } from "../../../src/package/mod.ts";
import {
  gzip,
  makeTar,
  manifestEntry,
  minimalFor,
  signer,
} from "../../support/package_archives.ts";
import { newPlace } from "../../support/place.ts";
import { signedRecord } from "../../support/signed.ts";

Deno.test("an archive with other files than it says is kept, but neither unpacked nor piped", async () => {
  await using place = await newPlace();
  const publisher = await place.home(signer);
  await using daemon = await publisher.daemon();
  const tar = await makeTar([manifestEntry({ a: "signed" }), { name: "a", contents: "packed" }]);
  const archive = gzip(tar);
  const minimal = minimalFor(archive);
  const item = signedRecord(minimal, signer, 1);
  const { client } = (await connectControl(publisher.path, { clock: systemClock }))!;
  try {
    const record = { kind: "manifest", name: "hello", version: "1.0.0" } as const;
    assert((await client.operations.store({ item, record })).holding > 0);
  } finally {
    client.close();
  }
  const home = await place.home(null);
  await Deno.mkdir(home.seed, { recursive: true });
  const path = join(home.seed, archiveFileName("hello", "1.0.0"));
  await Deno.writeFile(path, archive);
  await Deno.writeTextFile(path.replace(/tgz$/, "minimal.json"), serializeMinimal(minimal));
  const what = `${publisher.publicKey}/hello@1.0.0`;

  assert.equal(await home.must(["get", what]), `${path}\n`);
  const out = join(place.path, "out");
  const lines = [
    ["get", what, "-o", "-"],
    ["get", what, "-o", out],
    ["get", what, "--file", "a", "-o", "-"],
    ["get", what, "--file", "a", "-o", out],
    ["install", what],
  ];
  for (const line of lines) {
    const { code, stdout, stderr } = await home.run(line);
    assert.deepEqual([code, stdout], [4, ""], `${line}: ${stderr}`);
    assert.match(stderr, /"a" in the archive does not have the hash in the manifest/);
  }
  assert.ok(!existsSync(out));
  await daemon.end();
});
