/** Tests that readers get packages from web servers while nobody seeds them. */

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { newPlace, type Place } from "../../support/place.ts";
import { WebHost } from "../../support/web_host.ts";

/** A package that only a web server has: its publisher has no daemon. */
async function hosted(place: Place, name = "tool") {
  const publisher = await place.home();
  const source = await place.source(name, "1.0.0", "from the web\n");
  const files: Record<string, Uint8Array> = {};
  const web = new WebHost(files);
  const publish = async (...webSeeds: string[]) => {
    const flags = webSeeds.flatMap((url) => ["--web-seed", url]);
    return JSON.parse(await publisher.must(["publish", "--json", ...flags, source]));
  };
  const published = await publish(web.url);
  for (const file of publisher.files().filter((file) => /\.(tgz|torrent)$/.test(file))) {
    web.add(`/${encodeURIComponent(file)}`, await Deno.readFile(join(publisher.seed, file)));
  }
  return {
    publisher,
    web,
    published,
    publish,
    [Symbol.asyncDispose]: () => web[Symbol.asyncDispose](),
  };
}

Deno.test("a package that nobody seeds comes from the web server that its record names", async () => {
  await using place = await newPlace();
  await using host = await hosted(place, "@scope/tool");
  const reader = await place.home(null);
  const spec = `${host.publisher.publicKey}/@scope/tool`;
  const got = JSON.parse(await reader.must(["get", "--json", spec]));
  assert.deepEqual([got.name, got.version, got.complete], ["@scope/tool", "1.0.0", true]);
  assert.deepEqual(await Deno.readFile(got.path), await Deno.readFile(host.published.path));
  // The record that was read goes on to name its web seed.
  const [listed] = (await reader.must(["list", "--json"])).trim().split("\n");
  assert.deepEqual(JSON.parse(listed!).webSeeds, [host.web.url]);
  const asked = host.web.requests.map((line) => line.split(" ")[0]);
  assert.deepEqual(asked, ["/%40scope%2Btool-1.0.0.torrent", "/%40scope%2Btool-1.0.0.tgz"]);
});

Deno.test("a magnet link, a .torrent and an install use web seeds too", async () => {
  await using place = await newPlace();
  await using host = await hosted(place);
  const { magnet, infohash, path } = host.published;
  const archive = await Deno.readFile(path);

  // The link without the publisher: nothing but infohash, name and web seed.
  const bare = `magnet:?xt=urn:btih:${infohash}&dn=tool@1.0.0&ws=${
    encodeURIComponent(host.web.url)
  }`;
  for (const what of [magnet, bare, path.replace(/\.tgz$/, ".torrent")]) {
    const reader = await place.home(null);
    const cwd = await Deno.makeTempDir({ dir: place.path });
    const got = JSON.parse(await reader.must(["get", "--json", what], { cwd }));
    assert.equal(got.complete, what === magnet);
    assert.deepEqual(await Deno.readFile(got.path), archive, what);
  }

  const reader = await place.home(null);
  const project = await Deno.makeTempDir({ dir: place.path });
  const spec = `${host.publisher.publicKey}/tool@1.0.0`;
  const installed = JSON.parse(await reader.must(["install", "--json", spec], { cwd: project }));
  assert.equal(await Deno.readTextFile(join(installed.path, "read me.txt")), "from the web\n");
});

Deno.test("a version range is resolved from a catalog that only a web server has", async () => {
  await using place = await newPlace();
  await using web = new WebHost({});
  const publisher = await place.home();
  // Names so long that the list does not fit into a record.
  const names = Array.from({ length: 14 }, (_, number) => `package-${number}-${"x".repeat(50)}`);
  const sources = await Promise.all(names.map((name) => place.source(name, "1.2.0")));
  await publisher.must(["publish", "-q", "--web-seed", web.url, ...sources]);
  assert(publisher.files().some((file) => /^catalog-[0-9a-f]+\.jsonl$/.test(file)));
  for (const file of publisher.files().filter((file) => /\.(tgz|torrent|jsonl)$/.test(file))) {
    web.add(`/${file}`, await Deno.readFile(join(publisher.seed, file)));
  }
  const reader = await place.home(null);
  const got = await reader.must(["get", "--json", `${publisher.publicKey}/${names[3]}@^1.0.0`]);
  assert.equal(JSON.parse(got).version, "1.2.0");
});

Deno.test("a reader whose only sources are failing web seeds is told each in words", async () => {
  await using place = await newPlace();
  await using host = await hosted(place);
  await using redirecting = new WebHost({ "/tool-1.0.0.tgz": new Uint8Array(9) }, "private");
  host.web.mode = "wrong";
  const refused = "http://127.0.0.1:1/";
  await host.publish(host.web.url, redirecting.url, refused, "http://no-such-host.invalid/");
  const reader = await place.home(null);
  const spec = `${host.publisher.publicKey}/tool`;
  const { code, stderr } = await reader.run(["get", "-v", "--timeout", "25s", spec]);
  assert.equal(code, 5, stderr);
  const lines = stderr.split("\n");
  const dropped = lines.filter((line) => line.includes("nothing more comes from the web seed"));
  assert.equal(dropped.length, 4, stderr);
  const error = lines.findLast((line) => line.includes("None of its web seeds sends anything"))!;
  const says = [
    [host.web.url, "It sent other bytes than the archive's"],
    [redirecting.url, "169.254.169.254"],
    [refused, "refused"],
    ["http://no-such-host.invalid/", "has no address"],
  ] as const;
  for (const [url, why] of says) {
    assert.match(error, new RegExp(`${RegExp.escape(url)} \\(.*${RegExp.escape(why)}`), error);
    assert(dropped.some((line) => line.includes(url)), url);
  }
  assert.deepEqual(reader.files().filter((file) => file.endsWith(".tgz")), []);
});

Deno.test("private addresses are no web seeds unless the network may be local", async () => {
  await using place = await newPlace();
  await using host = await hosted(place);
  const reader = await place.home(null);
  const asked = host.web.requests.length;
  const { code, stderr } = await reader.run([
    ...["get", "--no-allow-local", "--timeout", "20s"],
    host.published.magnet.replace(/&xs=.*?&ws=/, "&ws="),
  ]);
  assert.equal(code, 5, stderr);
  assert.match(stderr, /127\.0\.0\.1 port \d+ is refused: web servers need public/);
  assert.equal(host.web.requests.length, asked);
});

Deno.test("a mirror gets packages from web seeds, and seeds them", async () => {
  await using place = await newPlace();
  await using host = await hosted(place);
  const mirror = await place.home(null);
  await mirror.must(["follow", host.publisher.publicKey]);
  const daemon = await mirror.daemon(["--mirror"]);
  const wanted = basename(host.published.path);
  while (!mirror.files().includes(wanted)) await new Promise((go) => setTimeout(go, 100));
  await daemon.end();
  assert.deepEqual(
    await Deno.readFile(join(mirror.seed, wanted)),
    await Deno.readFile(host.published.path),
  );
});
