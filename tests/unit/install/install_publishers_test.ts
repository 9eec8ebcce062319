/**
 * Publishers in an installation: dependencies required with a key, and lock files that contradict the
 * user's pins.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { parseRequirement } from "../../../src/fetching/requirement.ts";
import { parsePublicKey } from "../../../src/identity/mod.ts";
import { install, installLocked } from "../../../src/install/install.ts";
import type { InstallContext } from "../../../src/install/context.ts";
import { checkPin } from "../../../src/names/pins.ts";
import type { Pin } from "../../../src/store/mod.ts";
import {
  aliceKey,
  failure,
  type InstallPlace,
  installTest,
  mallory,
  malloryKey,
} from "./support.ts";

/** Makes an installation context for a home with the given pins. */
function pinnedTo(place: InstallPlace, pins: Record<string, string[]>): InstallContext {
  const of = (name: string): Pin[] =>
    (pins[name] ?? []).map((key) => ({ name, publicKey: parsePublicKey(key), firstSeenMs: 0 }));
  return place.context({
    // Applies the rule of trust: take the pinned publisher, or else the publisher of the highest
    // version.
    resolve: (wanted) => {
      const [publisher] = wanted.publisher ? [wanted.publisher] : pins[wanted.name] ?? [];
      return Promise.resolve(place.found({ ...wanted, ...(publisher && { publisher }) }));
    },
    pinned: (name) => pins[name]?.length === 1 ? pins[name]![0] : undefined,
    checkPublisher: (name, publisher) => checkPin(name, parsePublicKey(publisher), of(name)),
  });
}

function saving(place: InstallPlace, ...specs: string[]) {
  return {
    requirements: specs.map(parseRequirement),
    direct: false,
    lockPath: place.lockPath,
  };
}

async function storedOf(place: InstallPlace): Promise<string[]> {
  return (await place.store.list()).map((entry) => {
    assert.equal(entry.problem, undefined);
    const { name, version, pubkey } = entry.problem === undefined ? entry.minimal : assert.fail();
    return `${pubkey === aliceKey ? "alice" : "mallory"} ${name}@${version}`;
  }).sort();
}

installTest(
  "a dependency required with a key comes from that publisher, despite higher versions and pins",
  async (place) => {
    await place.make("app@1.0.0", { dependencies: { [`${aliceKey}/lib`]: "^1", "@s/x": "*" } });
    await place.make("lib@1.0.0", { dependencies: { [`${aliceKey}/@s/x`]: "^1" } });
    await place.make("@s/x@1.0.0");
    await place.make("lib@1.9.0", { signer: mallory });
    const context = pinnedTo(place, { lib: [malloryKey], "@s/x": [aliceKey] });
    const { direct, packages } = await install(context, saving(place, "app"));
    assert.deepEqual(await storedOf(place), [
      "alice @s/x@1.0.0",
      "alice app@1.0.0",
      "alice lib@1.0.0",
    ]);
    assert.equal(packages.length, 3);
    const path = join(direct[0]!.path, "..", "node_modules", "lib", "index.js");
    assert.equal(await Deno.readTextFile(path), "// lib@1.0.0\n");

    // The home pins `lib` to another publisher. A lock file with a dependency on `KEY/lib` installs
    // nevertheless.
    place.asked.length = 0;
    const again = await installLocked(context, place.lockPath);
    assert.deepEqual([again.packages.length, place.asked], [3, []]);
  },
);

installTest(
  "packages of one name by two publishers are installed side by side if required with keys",
  async (place) => {
    await place.make("app@1.0.0", { dependencies: { [`${aliceKey}/lib`]: "*", other: "*" } });
    await place.make("other@1.0.0", { dependencies: { [`${malloryKey}/lib`]: "*" } });
    await place.make("lib@1.0.0");
    await place.make("lib@1.0.0", { signer: mallory });
    await install(place.context(), saving(place, "app"));
    assert.deepEqual(
      (await storedOf(place)).filter((one) => one.includes("lib")),
      ["alice lib@1.0.0", "mallory lib@1.0.0"],
    );
  },
);

for (const [what, direct] of [["that is asked for", true], ["that is needed", false]] as const) {
  installTest(
    `a lock file that contradicts the pin of a name ${what} installs nothing`,
    async (place) => {
      const dependencies: Record<string, string> = direct ? {} : { hello: "*" };
      await place.make("app@1.0.0", { dependencies });
      await place.make("hello@1.0.0", { signer: mallory });
      const elsewhere = pinnedTo(place, {});
      await install(elsewhere, saving(place, ...direct ? ["app", "hello"] : ["app"]));
      const text = await Deno.readTextFile(place.lockPath);
      await Deno.remove(place.store.path, { recursive: true });

      const context = pinnedTo(place, { hello: [aliceKey] });
      place.asked.length = 0;
      const error = await failure(installLocked(context, place.lockPath), "PUBLISHER_CHANGED");
      assert.equal(error.kind, "verification");
      for (const part of [place.lockPath, aliceKey, `trust add hello ${malloryKey}`]) {
        assert.ok(error.message.includes(part), error.message);
      }
      assert.deepEqual([await place.stored(), place.strays()], [[], []]);
      if (direct) assert.deepEqual(place.asked, []);
      // A requirement that does not involve the contested name is installed.
      if (direct) await installLocked(context, place.lockPath, [parseRequirement("app")]);

      // Once the user trusts the publisher, the lock file installs.
      const accepting = pinnedTo(place, { hello: [aliceKey, malloryKey] });
      const { packages } = await installLocked(accepting, place.lockPath);
      assert.deepEqual(packages.map(({ minimal }) => minimal.name), ["app", "hello"]);
      assert.equal(await Deno.readTextFile(place.lockPath), text);
    },
  );
}

installTest(
  "a locked requirement with a key needs no pin",
  async (place) => {
    await place.make("hello@1.0.0", { signer: mallory });
    await install(place.context(), saving(place, `${malloryKey}/hello`));
    await installLocked(pinnedTo(place, { hello: [aliceKey] }), place.lockPath);
    assert.deepEqual(await storedOf(place), ["mallory hello@1.0.0"]);
  },
);

installTest("a locked dependency that contradicts a pin is resolved again", async (place) => {
  await place.make("app@1.0.0", { dependencies: { hello: "*" } });
  await place.make("hello@1.0.0", { signer: mallory });
  await install(place.context(), saving(place, "app"));
  await place.make("hello@0.9.0");
  // The name has two pinned publishers, and the publisher in the lock file is neither of them.
  const other = `ed25519:${btoa(String.fromCharCode(...new Uint8Array(32).fill(9)))}`;
  const context = pinnedTo(place, { hello: [aliceKey, other] });
  await install(context, saving(place, "app"));
  assert.ok((await storedOf(place)).includes("alice hello@0.9.0"));
  await installLocked(context, place.lockPath);
});

installTest(
  "a dependency bomb is refused before any lookup of its packages, and nothing stays",
  async (place) => {
    const many = (prefix: string, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}-${i}`, "*"]));
    await place.make("bomb@1.0.0", { dependencies: many("part", 1_000) });
    const error = await failure(
      install(place.context(), saving(place, "bomb")),
      "TOO_MANY_PACKAGES",
    );
    assert.equal(error.kind, "verification");
    assert.deepEqual(place.asked, ["resolve bomb@*", "fetch bomb@1.0.0"]);

    // A dependency bomb one level deeper: its 10,000 packages are dependencies of the ten
    // dependencies of `app`.
    place.asked.length = 0;
    await place.make("app@1.0.0", { dependencies: many("fuse", 10) });
    for (let i = 0; i < 10; i++) {
      await place.make(`fuse-${i}@1.0.0`, { dependencies: many(`part-${i}`, 1_000) });
    }
    await failure(install(place.context(), saving(place, "app")), "TOO_MANY_PACKAGES");
    assert.equal(place.asked.filter((one) => one.includes("part-")).length, 0);
    assert.deepEqual([await place.stored(), place.strays()], [[], []]);
    assert.deepEqual([...Deno.readDirSync(place.project)], []);
  },
);
