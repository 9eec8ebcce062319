/** Tests a mirror of two publishers whose seed directory is full: what leaves, what stays, and after a kill. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { eventually, type Home, newPlace } from "../../support/place.ts";

const LENGTH = 200_000;

/** The archives of a home's seed directory. */
function archives(home: Home): string[] {
  return [...Deno.readDirSync(home.seed)].map(({ name }) => name)
    .filter((name) => name.endsWith(".tgz")).sort();
}

/** Asserts that each archive of a mirror has its files and is seeded, and that nothing else is there. */
async function assertConsistent(home: Home): Promise<void> {
  const listed = (await home.must(["list", "--json"])).trimEnd().split("\n").filter(Boolean)
    .map((line) => JSON.parse(line));
  assert.ok(listed.every(({ seeding, problem }) => seeding && problem === undefined));
  const names = archives(home);
  assert.deepEqual(listed.map(({ name, version }) => `${name}-${version}.tgz`).sort(), names);
  const bases = names.map((name) => name.slice(0, -".tgz".length));
  const beside = [...Deno.readDirSync(home.seed)].map(({ name }) => name)
    .filter((name) =>
      /^[a-z].*\.(torrent|minimal\.json)$/.test(name) && !/^(catalog|index)-/.test(name)
    );
  const wanted = bases.flatMap((base) => [`${base}.minimal.json`, `${base}.torrent`]);
  assert.deepEqual(beside.sort(), wanted.sort());
}

Deno.test("a full mirror gives up old versions for new ones, keeps the user's, and survives a kill", async () => {
  await using place = await newPlace();
  const publishers = [await place.home(), await place.home()];
  const publish = async (publisher: Home, name: string, version: string) => {
    const source = await place.source(name, version);
    await Deno.writeFile(join(source, "random"), randomBytes(LENGTH));
    await publisher.must(["publish", "-q", source]);
  };
  await using first = await publishers[0]!.daemon();
  await using second = await publishers[1]!.daemon();
  for (const [index, name] of ["one", "two"].entries()) {
    await publish(publishers[index]!, name, "1.0.0");
    await publish(publishers[index]!, name, "2.0.0");
  }
  const mirror = await place.home(null);
  for (const { publicKey } of publishers) await mirror.must(["follow", publicKey]);
  const config = join(mirror.path, "config.yaml");
  const limitTo = (count: number) =>
    Deno.writeTextFile(config, `mirror: true\nmax-disk: ${count * (LENGTH + 20_000)}\n`);
  await limitTo(4);
  {
    await using daemon = await mirror.daemon();
    await eventually(() => Promise.resolve(archives(mirror).length === 4));
    await mirror.must(["get", "-q", "one@1.0.0"]);
    await limitTo(3);
    await mirror.must(["reload"]);
    await eventually(() => Promise.resolve(archives(mirror).length === 3));
    assert.deepEqual(archives(mirror), ["one-1.0.0.tgz", "one-2.0.0.tgz", "two-2.0.0.tgz"]);
    const { left } = JSON.parse(await mirror.must(["status", "--json"]));
    assert.deepEqual(left.map((one: { package: string }) => one.package), ["two@1.0.0"]);
    assert.equal(daemon.process.stderr.split("two@1.0.0 has left").length, 2, "it is said once");
    await assertConsistent(mirror);
    await limitTo(1);
    await mirror.must(["reload"]);
    // The daemon is killed as soon as a file is gone, in the middle of making room.
    await eventually(() => Promise.resolve(archives(mirror).length < 3));
    daemon.process.kill("SIGKILL");
    await daemon.process.result;
  }
  await using again = await mirror.daemon();
  await eventually(() => Promise.resolve(archives(mirror).length === 1));
  assert.deepEqual(archives(mirror), ["one-1.0.0.tgz"], "what the user has fetched stays");
  await eventually(() => assertConsistent(mirror).then(() => true));
  for (const daemon of [first, second, again]) await daemon.end();
});
