/**
 * Tests resolving packages by name alone among several publishers with daemons: selection policies,
 * pinned publishers, trusted keys.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../src/base/mod.ts";
import { fingerprint } from "../../../src/identity/mod.ts";
import { StateDatabase } from "../../../src/store/mod.ts";
import { keysOfSlot } from "../../support/names_home.ts";
import { eventually, type Home, newPlace, type Place } from "../../support/place.ts";

/** Publishes three versions of a package, which the home's daemon then seeds. */
async function publishThree(place: Place, home: Home, versions: string[]): Promise<void> {
  const sources = await Promise.all(versions.map((v) => place.source("hello", v, home.publicKey)));
  await home.must(["publish", ...sources]);
}

function pinsOf(home: Home) {
  using state = StateDatabase.open(join(home.path, "state.db"), systemClock);
  return state.pins.list().map(({ name, publicKey }) => `${name} ${fingerprint(publicKey)}`);
}

Deno.test("with two publishers of a name, each policy chooses its own, and a pin refuses the other until it is trusted", async () => {
  await using place = await newPlace();
  const [ann, bob, user] = [
    await place.home(keysOfSlot(1, 0)),
    await place.home(keysOfSlot(1, 1)),
    await place.home(null),
  ];
  await using _ann = await ann.daemon();
  await using _bob = await bob.daemon();
  await publishThree(place, ann, ["1.0.0", "1.1.0", "1.2.0"]);
  await publishThree(place, bob, ["1.0.1", "2.0.0", "2.1.0"]);

  // `resolve --all` lists all publishers of a name, the earliest first. `resolve` does not pin a
  // publisher.
  const nobody = await user.run(["resolve", "--all", "helo"]);
  assert.deepEqual([nobody.code, nobody.stdout], [3, ""]);
  assert.match(nobody.stderr, /^libreseed: No publisher of helo was found /m);
  const all = (await user.must(["resolve", "--all", "--json", "hello"])).trimEnd().split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    all.map(({ publisher, version, verdict, trusted }) => [publisher, version, verdict, trusted]),
    [[ann.publicKey, "1.2.0", "valid", false], [bob.publicKey, "2.1.0", "valid", false]],
  );
  assert(all.every(({ holding, firstSeen }) => holding >= 7 && Date.parse(firstSeen) > 0));
  assert.deepEqual(
    all.map((one) => one.fingerprint),
    [ann, bob].map(({ keys }) => fingerprint(keys.publicKey)),
  );
  assert.deepEqual(pinsOf(user), []);

  // The first `get` of a name pins the chosen publisher.
  const first = await user.run(["get", "hello@^1.0", "--json"]);
  assert.equal(first.code, 0, first.stderr);
  const { version, publisher, chosen } = JSON.parse(first.stdout);
  assert.deepEqual([version, publisher], ["1.2.0", ann.publicKey]);
  assert.deepEqual(chosen, { publishers: 2, policy: "first-seen" });
  const said = ["2 publishers of hello; ", "by first-seen; see `libreseed resolve --all hello`"];
  const places = [...said, "first use of hello"].map((part) => first.stderr.indexOf(part));
  assert(places.every((place, at) => place > (places[at - 1] ?? -1)), first.stderr);
  assert(first.stderr.includes("first use of hello: pinned to " + ann.publicKey), first.stderr);
  assert.deepEqual(pinsOf(user), [`hello ${fingerprint(ann.keys.publicKey)}`]);
  const files = user.files();

  // After a publisher is pinned, `get` refuses another publisher of the same name.
  const refused = await user.run(["get", "hello", "--policy", "latest-version"]);
  assert.deepEqual([refused.code, refused.stdout], [4, ""], refused.stderr);
  for (const part of [ann.publicKey, fingerprint(ann.keys.publicKey), bob.publicKey]) {
    assert(refused.stderr.includes(part), refused.stderr);
  }
  assert(refused.stderr.includes(`libreseed trust add hello ${bob.publicKey}`), refused.stderr);
  assert.deepEqual(user.files(), files);
  assert.equal(pinsOf(user).length, 1);

  // The user first trusts the other publisher's key, and later removes that trust.
  await user.must(["trust", "add", "hello", bob.publicKey]);
  const path = await user.must(["get", "hello", "--policy", "latest-version"]);
  assert.equal(path, join(user.seed, "hello-2.1.0.tgz") + "\n");
  const table = (await user.must(["resolve", "--all", "hello"])).trimEnd().split("\n");
  assert.deepEqual(table.map((line) => /pinned|trusted/.exec(line)![0]), ["pinned", "trusted"]);
  const listed = await user.must(["trust", "list", "hello"]);
  assert(listed.includes(ann.publicKey) && listed.includes(bob.publicKey), listed);
  await user.must(["trust", "remove", "hello", bob.publicKey]);
  const again = await user.run(["get", "hello", "--policy", "latest-version"]);
  assert.equal(again.code, 4, again.stderr);
  assert.equal((await user.run(["trust", "remove", "hello", bob.publicKey])).code, 3);

  // The user trusts a publisher's key before the first use of the name.
  const other = await place.home(null);
  await other.must(["trust", "add", "hello", bob.publicKey]);
  assert.match(await other.must(["resolve", "hello"]), /"version":"2\.1\.0"/);

  // The pin records the last version seen, so an older record is recognised as outdated.
  {
    using state = StateDatabase.open(join(user.path, "state.db"), systemClock);
    const [pin] = state.pins.list("hello");
    state.pins.set({ ...pin!, lastVersion: "1.3.0" });
  }
  const old = await user.run(["get", "hello"]);
  assert.deepEqual([old.code, old.stdout], [4, ""], old.stderr);
  assert.match(
    old.stderr,
    /hello was at 1\.3\.0 here.*To take it all the same, name the version: hello@1\.2\.0/,
  );
  await user.must(["get", "hello@1.2.0"]);

  // A seeder without the publishers' keys keeps the name index alive. Both publishers share one
  // slot of the index.
  await using _user = await user.daemon();
  await eventually(async () =>
    /^name index of hello\tstored on \d+ nodes/m.test(
      (await user.run(["announce", "hello"])).stdout,
    )
  );
});

Deno.test("resolve --all shows the version that get takes beside a newer prerelease", async () => {
  await using place = await newPlace();
  const [ann, bob, user] = [await place.home(), await place.home(), await place.home(null)];
  await using _ann = await ann.daemon();
  await using _bob = await bob.daemon();
  await publishThree(place, ann, ["1.0.0", "1.1.0", "2.0.0-beta.1"]);
  await publishThree(place, bob, ["0.1.0-alpha.1", "0.1.0-alpha.2", "0.1.0-alpha.3"]);
  const all = (await user.must(["resolve", "--all", "--json", "hello"])).trimEnd().split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(all.map(({ publisher, version, taken }) => [publisher, version, taken]), [
    [ann.publicKey, "2.0.0-beta.1", "1.1.0"],
    [bob.publicKey, "0.1.0-alpha.3", "0.1.0-alpha.3"],
  ]);
  const table = await user.must(["resolve", "--all", "hello"]);
  assert.match(table, / 2\.0\.0-beta\.1 \(get takes 1\.1\.0\) /);
  assert.equal(table.match(/get takes/g)!.length, 1);
  assert.match(await user.must(["resolve", `${ann.publicKey}/hello`]), /"version":"1\.1\.0"/);
});
