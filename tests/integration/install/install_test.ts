/**
 * Tests installing packages with real engines on a testnet: one node of the publisher, one of the
 * user.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { toHex } from "../../../src/base/mod.ts";
import { parseRequirement } from "../../../src/fetching/requirement.ts";
import { formatPublicKey, generateKeyPair } from "../../../src/identity/mod.ts";
import { install, installLocked } from "../../../src/install/install.ts";
import { announceSalt } from "../../../src/records/mod.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { temporaryHome } from "../../support/mod.ts";
import { Home, writePackage } from "../../support/engine_home.ts";

Deno.test("a package with ten dependencies is installed by name, locked, and reinstalled from the lock file", async () => {
  await using root = await temporaryHome();
  await using testnet = await startTestnet({ nodes: 12, nodesPerAnswer: 8 });
  await using publisher = await Home.open(join(root.path, "publisher"), testnet);
  await using user = await Home.open(join(root.path, "user"), testnet);
  const keys = generateKeyPair();

  // `app` depends on `d0` to `d4`. These depend on `d5` to `d9` and, in a cycle, on `app`.
  const names = Array.from({ length: 10 }, (_, i) => `d${i}`);
  const first = Object.fromEntries(names.slice(0, 5).map((name) => [name, "^1"]));
  const sources = [await writePackage(root.path, "app", "1.0.0", first)];
  for (const [i, name] of names.entries()) {
    const needed: Record<string, string> = i < 5
      ? { [`d${i + 5}`]: "~1.0", d9: "^1", app: "*" }
      : {};
    sources.push(await writePackage(root.path, name, `1.0.${i}`, needed));
  }
  for (const dir of sources) await publisher.publish(dir, keys);

  using state = user.state();
  const lockPath = join(root.path, "libreseed.lock.json");
  const requirements = [parseRequirement("app@^1")];
  const request = { requirements, direct: false, lockPath };
  const { direct, packages } = await install(user.context(state), request);
  assert.equal(packages.length, 11);
  assert.ok(packages.every(({ present }) => !present));
  assert.equal(direct[0]!.minimal.pubkey, formatPublicKey(keys.publicKey));
  // Resolves a dependency as a program does: through the `node_modules` directory next to the
  // package's own directory.
  const beside = (path: string, name: string) =>
    Deno.realPath(join(path, "..", "node_modules", name));
  const d9 = await beside(await beside(direct[0]!.path, "d4"), "d9");
  assert.equal(await Deno.readTextFile(join(d9, "index.js")), "// d9@1.0.9\n");
  assert.ok(
    user.steps.some((step) => step.startsWith("dependency cycle: app@1.0.0 → d0@1.0.0")),
  );
  // Each package has its own name index and manifest record. All packages share one lookup of the
  // publisher's list. On a busy machine that lookup may be repeated.
  const salt = toHex(announceSalt(keys.publicKey));
  const lists = user.lookups.filter((one) => one === salt).length;
  assert.ok(lists >= 1 && lists <= 3, `the list was read ${lists} times`);
  assert.ok(user.lookups.length >= 11 * 9 + 1, `${user.lookups.length} lookups`);

  // Archives and installed packages are deleted. The lock file alone then suffices to install
  // without lookups.
  await Deno.remove(user.store.path, { recursive: true });
  await Deno.remove(user.seeds.path, { recursive: true });
  await user.seeds.ensure();
  user.lookups.length = 0;
  const again = await installLocked(user.context(state), lockPath);
  assert.deepEqual(
    again.packages.map(({ minimal }) => minimal.archiveSha256).sort(),
    packages.map(({ minimal }) => minimal.archiveSha256).sort(),
  );
  assert.deepEqual(user.lookups, []);
});
