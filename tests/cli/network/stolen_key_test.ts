/** Tests what a home does with a version that a stolen key has signed, once its publisher revokes the key. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { newPlace } from "../../support/place.ts";

Deno.test("a version of a stolen key is no longer seeded, and no version replaces it in its range", async () => {
  await using place = await newPlace();
  const [publisher, thief, user] = [
    await place.home(null),
    await place.home(null),
    await place.home(null),
  ];
  const root = join(place.path, "root.key");
  const identity = (await publisher.must(["keygen", "--root-out", root])).trim();
  await publisher.must(["publish", await place.source("hello", "1.0.0")]);
  await Deno.mkdir(join(thief.path, "keys"), { mode: 0o700 });
  for (const { name } of Deno.readDirSync(join(publisher.path, "keys"))) {
    await Deno.copyFile(join(publisher.path, "keys", name), join(thief.path, "keys", name));
  }
  await using _publisher = await publisher.daemon();
  await using stolen = await thief.daemon();
  await thief.must(["publish", await place.source("hello", "9.9.9", "evil\n")]);

  await using daemon = await user.daemon();
  await user.must(["get", `${identity}/hello@9.9.9`]);
  await user.must(["install", `${identity}/hello@9.9.9`]);
  await stolen.end();
  const revoke = ["key", "revoke", "--current", "--reason", "stolen", "--yes", "--root", root];
  await publisher.must(revoke);

  // The command learns of the revocation, and the daemon notices that it has: when it looks what was
  // learned, or when it looks at the archive's files, which are new.
  const refused = await user.run(["get", `${identity}/hello@9.9.9`]);
  assert.deepEqual([refused.code, refused.stdout], [4, ""], refused.stderr);
  await daemon.process.waitForLine(/hello-9\.9\.9\.tgz is not seeded(?: any more)?: .* is revoked/);

  const json = JSON.parse((await user.run(["outdated", "--json"])).stdout);
  const { current, wanted, latest, revoked } = json;
  assert.deepEqual({ current, wanted, latest, revoked }, {
    ...{ current: "9.9.9", wanted: undefined, latest: "1.0.0", revoked: true },
  });
  const { code, stdout } = await user.run(["outdated"]);
  assert.equal(code, 1);
  assert.match(stdout, /^hello +9\.9\.9 \(key revoked\) +none +1\.0\.0 /m);
});
