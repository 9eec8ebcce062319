/** Tests the descriptions that `libreseed search` prints, with child processes on a testnet. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually, type Home, newPlace } from "../support/place.ts";

/** Returns the descriptions that `search` finds, by `NAME@VERSION`. */
async function descriptions(home: Home): Promise<Record<string, string | undefined>> {
  const lines = (await home.must(["search", "--json"])).trimEnd().split("\n");
  return Object.fromEntries(
    lines.map((line) => JSON.parse(line))
      .map(({ name, version, description }) => [`${name}@${version}`, description]),
  );
}

Deno.test("search shows the descriptions of packages whose archives are in the seed directory", async () => {
  await using place = await newPlace();
  const [publisher, reader] = [await place.home(), await place.home(null)];
  await using daemon = await publisher.daemon();
  for (const [version, description] of [["1.0.0", "An old app"], ["1.1.0", "A \u202enew app"]]) {
    const source = await place.source("app", version!);
    const about = { name: "app", version, description };
    await Deno.writeTextFile(join(source, "package.json"), JSON.stringify(about));
    await publisher.must(["publish", "-q", source]);
  }
  await publisher.must(["publish", "-q", await place.source("bare", "1.0.0")]);
  await reader.must(["follow", "-q", publisher.publicKey]);
  const none = { "app@1.0.0": undefined, "app@1.1.0": undefined, "bare@1.0.0": undefined };
  assert.deepEqual(await descriptions(reader), none);
  await reader.must(["get", "-q", "app@1.0.0"]);
  await reader.must(["get", "-q", "bare"]);
  const old = { ...none, "app@1.0.0": "An old app", "app@1.1.0": "An old app" };
  assert.deepEqual(await descriptions(reader), old);
  await reader.must(["get", "-q", "app"]);
  const text = await reader.must(["search", "app"]);
  assert.deepEqual(text.trimEnd().split("\n").map((line) => line.split("\t").slice(3)), [
    ["A \\u{202e}new app"],
    ["A \\u{202e}new app"],
  ]);
  // An archive that was damaged since is the business of other commands.
  const path = join(reader.seed, "app-1.1.0.tgz");
  await Deno.writeFile(path, new Uint8Array((await Deno.stat(path)).size));
  assert.equal((await descriptions(reader))["app@1.0.0"], undefined);
  await daemon.end();
});

Deno.test("a daemon reads the descriptions of followed packages, and keeps no archive", async () => {
  await using place = await newPlace();
  const [publisher, reader] = [await place.home(), await place.home(null)];
  await using daemon = await publisher.daemon();
  const publish = async (version: string, description: string) => {
    const source = await place.source("app", version);
    const about = { name: "app", version, description };
    await Deno.writeTextFile(join(source, "package.json"), JSON.stringify(about));
    await publisher.must(["publish", "-q", source]);
  };
  await publish("1.0.0", "An app");
  await using following = await reader.daemon();
  await reader.must(["follow", "-q", publisher.publicKey]);
  await eventually(async () => (await descriptions(reader))["app@1.0.0"] === "An app");
  assert.deepEqual(reader.files().filter((name) => name.endsWith(".tgz")), []);
  // The description outlives the daemon, and goes with the publisher.
  await following.end();
  assert.equal((await descriptions(reader))["app@1.0.0"], "An app");
  await reader.must(["unfollow", publisher.publicKey]);
  await reader.must(["follow", "-q", publisher.publicKey]);
  assert.equal((await descriptions(reader))["app@1.0.0"], undefined);
  await daemon.end();
});
