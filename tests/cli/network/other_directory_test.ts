/** Tests commands whose seed directory is not the daemon's, by running the program as a child process. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryHome } from "../../support/mod.ts";
import { newPlace } from "../../support/place.ts";

Deno.test("a command with another seed directory than the daemon fails before it downloads", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  await publisher.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
  await using _seeding = await publisher.daemon();
  const wanted = `${publisher.publicKey}/pkg@1.0.0`;

  const reader = await place.home();
  await using other = await temporaryHome();
  const [seeds, link] = [join(other.path, "seeds"), join(other.path, "link")];
  await using _daemon = await reader.daemon(["--dir", seeds]);
  await Deno.symlink("seeds", link);
  const publish = ["publish", await place.source("own", "1.0.0")];
  for (const args of [["get", wanted], ["install", wanted], publish]) {
    const { code, stderr } = await reader.run(args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /The seed directory of this command is .*, and that of process \d+,/);
    assert(stderr.includes(`Give --dir ${await Deno.realPath(seeds)}, or set dir`), stderr);
  }
  const names = await Array.fromAsync(Deno.readDir(seeds), ({ name }) => name);
  assert.deepEqual(names.filter((name) => name !== ".lock"), []);

  await reader.must(["announce"]);
  assert.equal(
    (await reader.must(["get", wanted, "--dir", link])).trim(),
    join(link, "pkg-1.0.0.tgz"),
  );
});
