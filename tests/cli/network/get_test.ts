/**
 * Tests `libreseed get` by running the program as a child process, with all forms of requests and
 * output paths.
 */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { concatBytes, utf8 } from "../../../src/base/mod.ts";
import { parsePublicKey } from "../../../src/identity/mod.ts";
import { type Home, magnetIn, newPlace, type Place, together } from "../../support/place.ts";

/** Starts a publisher's daemon that seeds two versions of a package. */
async function serving(place: Place) {
  const publisher = await place.home();
  const old = await place.source("pkg", "1.0.0", "old\n");
  const recent = await place.source("pkg", "1.2.0", "new\n");
  await Deno.writeTextFile(join(recent, "run.sh"), "#!/bin/sh\n", { mode: 0o755 });
  const daemon = await publisher.daemon();
  const lines = await publisher.must(["publish", "-q", old, recent]);
  const magnets = lines.trimEnd().split("\n").map(magnetIn);
  const archive = (version: string) => Deno.readFile(join(publisher.seed, `pkg-${version}.tgz`));
  return { publisher, daemon, magnets, archive };
}

/** Lists the package files in a home's seed directory. */
const archivesOf = (home: Home) => home.files().filter((name) => name.endsWith(".tgz"));

Deno.test("get takes a name with version or range, a magnet link, or a .torrent", async () => {
  await using place = await newPlace();
  const { publisher, daemon: serves, magnets, archive } = await serving(place);
  await using daemon = serves;
  const key = publisher.publicKey;
  const hex = parsePublicKey(key).toHex();
  const wanted: [string, string][] = [
    [`${key}/pkg@1.0.0`, "1.0.0"],
    [`${key}/pkg`, "1.2.0"],
    [`${hex}/pkg@<1.2`, "1.0.0"],
    [magnets[1]!, "1.2.0"],
  ];
  await together(wanted.map(async ([what, version]) => {
    const home = await place.home(null);
    const { code, stdout, stderr } = await home.run(["get", what]);
    assert.equal(code, 0, `${what}: ${stderr}`);
    const path = join(home.seed, `pkg-${version}.tgz`);
    assert.equal(stdout, `${path}\n`);
    assert.deepEqual(await Deno.readFile(path), await archive(version));
    assert(stderr.includes(`pkg@${version} by ${key}: verified`), stderr);
    assert.equal(home.files().length, 3);
    await home.must(["verify", path]);
  }));
  await daemon.end();
});

Deno.test("without a known publisher, get warns and keeps the archive out of the seed directory", async () => {
  await using place = await newPlace();
  const { publisher, daemon: serves, magnets, archive } = await serving(place);
  await using daemon = serves;
  const bare = magnets[0]!.replace(/&xs=.*$/, "");
  await Deno.copyFile(join(publisher.seed, "pkg-1.0.0.torrent"), join(place.path, "x.torrent"));
  await together([bare, join(place.path, "x.torrent")].map(async (what, index) => {
    const home = await place.home(null);
    const cwd = join(place.path, `cwd-${index}`);
    await Deno.mkdir(cwd);
    const { code, stdout, stderr } = await home.run(["get", what], { cwd });
    assert.equal(code, 0, stderr);
    assert.equal(stdout, `${join(cwd, "pkg-1.0.0.tgz")}\n`);
    assert.match(stderr, /warning: .*pkg@1\.0\.0.* ed25519:/);
    assert.deepEqual(await Deno.readFile(join(cwd, "pkg-1.0.0.tgz")), await archive("1.0.0"));
    assert.deepEqual(home.files(), []);
    // `get` does not overwrite an existing file that has other contents.
    await Deno.writeTextFile(join(cwd, "pkg-1.0.0.tgz"), "mine");
    const again = await home.run(["get", what], { cwd });
    assert.deepEqual([again.code, again.stdout], [1, ""]);
    assert(again.stderr.includes(join(cwd, "pkg-1.0.0.tgz")), again.stderr);
    assert.equal(await Deno.readTextFile(join(cwd, "pkg-1.0.0.tgz")), "mine");
    assert.deepEqual(home.files(), []);
    // `get` accepts an existing file that already has the right contents.
    await Deno.writeFile(join(cwd, "pkg-1.0.0.tgz"), await archive("1.0.0"));
    assert.equal(await home.must(["get", what], { cwd }), stdout);
    assert.deepEqual(home.files(), []);
  }));
  await daemon.end();
});

Deno.test("get passes a .torrent of several megabytes to a daemon", async () => {
  await using place = await newPlace();
  const { publisher, daemon: serves, archive } = await serving(place);
  await using daemon = serves;
  const torrent = await Deno.readFile(join(publisher.seed, "pkg-1.0.0.torrent"));
  const comment = utf8(`d7:comment${3 << 20}:${"x".repeat(3 << 20)}`);
  const path = join(place.path, "x.torrent");
  await Deno.writeFile(path, concatBytes(comment, torrent.subarray(1)));
  const home = await place.home(null);
  await using own = await home.daemon();
  await home.must(["get", "-q", path], { cwd: place.path });
  const got = await Deno.readFile(join(place.path, "pkg-1.0.0.tgz"));
  assert.deepEqual(got, await archive("1.0.0"));
  await own.end();
  await daemon.end();
});

Deno.test("get -o DIR unpacks, -o - writes the archive to standard output", async () => {
  await using place = await newPlace();
  const { publisher, daemon: serves, archive } = await serving(place);
  await using daemon = serves;
  const what = `${publisher.publicKey}/pkg@1.2.0`;
  const home = await place.home(null);
  const out = join(place.path, "out");
  assert.equal(await home.must(["get", what, "-o", "out"]), `${out}\n`);
  assert.equal(await Deno.readTextFile(join(out, "read me.txt")), "new\n");
  assert.equal((await Deno.stat(join(out, "run.sh"))).mode! & 0o777, 0o755);
  assert(existsSync(join(out, "manifest.json")));

  const full = await home.run(["get", what, "-o", "out"]);
  assert.deepEqual([full.code, full.stdout], [2, ""]);
  assert(full.stderr.includes(out), full.stderr);
  // `get` checks the output path before any lookup.
  const deaf = { env: { LIBRESEED_BOOTSTRAP: "none" } };
  for (const target of ["out", "out/read me.txt", "nowhere/out", "out/run.sh/x"]) {
    const early = await home.run(["get", what, "-o", target], deaf);
    assert([1, 2].includes(early.code), `${target}: ${early.code} ${early.stderr}`);
    assert(early.stderr.includes(join(place.path, target)), early.stderr);
  }

  const piped = await home.run(["get", what, "-o", "-"]);
  assert.equal(piped.code, 0, piped.stderr);
  assert.deepEqual(piped.stdoutBytes, await archive("1.2.0"));

  const json = JSON.parse(await home.must(["get", what, "--json", "-q"]));
  assert.deepEqual(json, {
    ...{ name: "pkg", version: "1.2.0", publisher: publisher.publicKey },
    ...{ path: join(home.seed, "pkg-1.2.0.tgz"), complete: true },
    // The archive has been here before.
    ...{ reusedBytes: 0, fetchedBytes: 0 },
  });
  await daemon.end();
});

Deno.test("get distinguishes unknown packages, packages without seeders, and invalid requests", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  await publisher.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
  const key = publisher.publicKey;
  const home = await place.home(null);
  // Requests that exit with code 5 (network unreachable) wait for the whole timeout, so their
  // timeout is short.
  const envOf = (code: number) => ({ LIBRESEED_TIMEOUT: code === 5 ? "8s" : "60s" });
  const cases: [string, number, RegExp][] = [
    [`${key}/pkg@2.0.0`, 3, /no record of pkg@2\.0\.0/],
    [`${key}/pkg@^2`, 3, /no version of pkg that satisfies \^2; there is 1\.0\.0/],
    [`${key}/other`, 3, /no package named other/],
    [
      `${key}/pkg@1.0.0`,
      5,
      /peers? .*pkg@1\.0\.0 .*within 8 s/,
    ],
    [`${key}/pkg@not a range`, 2, /not a range/],
    ["pkg.tgz", 3, /pkg\.tgz/],
    ["magnet:?dn=x", 2, /magnet/],
    ["nowhere.torrent", 3, /nowhere\.torrent/],
    ["home-0/keys/publisher.key", 2, /publisher\.key/],
  ];
  // `get` with the path of an existing archive fails without a DHT lookup.
  const packed = `${publisher.seed}/pkg-1.0.0.tgz`;
  cases.push([packed, 2, /is an archive.*`libreseed verify`/]);
  // Concurrent downloads of the same archive find each other as peers, so the error may give either
  // reason.
  const torrent = packed.replace(/tgz$/, "torrent");
  cases.push([torrent, 5, /peers? .*[0-9a-f]{40} .*within 8 s/]);
  const deaf = async () => {
    const { code, stderr } = await home.run(["get", `${key}/pkg`], {
      env: { ...envOf(5), LIBRESEED_BOOTSTRAP: "none" },
    });
    assert.equal(code, 5, stderr);
    assert(stderr.includes("--bootstrap"), stderr);
  };
  const got = cases.map(async ([what, expected, message]) => {
    const { code, stdout, stderr } = await (await place.home(null)).run(["get", what], {
      env: envOf(expected),
    });
    assert.equal(code, expected, `${what}: ${stderr}`);
    assert.equal(stdout, "");
    assert.match(stderr, message);
  });
  await together([...got, deaf()]);
  assert.deepEqual(archivesOf(home), []);
});

Deno.test("get ignores unusable peers and parameters of a magnet link, and -v names them once", async () => {
  await using place = await newPlace();
  const { daemon: serves, magnets } = await serving(place);
  await using daemon = serves;
  const home = await place.home(null);
  const link =
    `${
      magnets[0]
    }&x.pe=[fd77::1]:6881&x.pe=nonsense&x.pe=a%1bb:1&amp;tr=a&tr=b&so=0&dn=%ff&ws=ftp://a/&ws=x` +
    Array.from({ length: 10 }, (_, i) => `&x.pe=no-such-${i}.invalid:6881`).join("");
  const { code, stderr } = await home.run(["get", "-v", link]);
  assert.equal(code, 0, stderr);
  const told = stderr.split("\n").filter((line) => line.includes("cannot be dialled"));
  const unused = stderr.split("\n").filter((line) => line.includes("parameters that are not used"));
  assert.equal(unused.length, 1, stderr);
  assert.match(unused[0]!, /: "tr", "so", "dn"$/);
  assert.equal(told.length, 1, stderr);
  for (const peer of ["4 peers", "nonsense", "a\\u001bb:1", "such-8", "such-9"]) {
    assert(told[0]!.includes(peer), told[0]);
  }
  assert.match(stderr, /names web seeds that cannot be used: "ftp:\/\/a\/", "x"/);
  await daemon.end();
});

Deno.test("a peer in a magnet link may have a host name, which the gate looks up", async () => {
  await using place = await newPlace();
  const { daemon: serves, magnets, archive } = await serving(place);
  await using daemon = serves;
  const home = await place.home(null);
  const cwd = await Deno.makeTempDir({ dir: place.path });
  const [infoHash] = /btih:[0-9a-f]{40}/.exec(magnets[1]!)!;
  const peers = `x.pe=no-such-host.invalid:6881&x.pe=localhost:${daemon.port}`;
  const args = ["get", "--bootstrap", "none", `magnet:?xt=urn:${infoHash}&${peers}`];
  const path = (await home.must(args, { cwd })).trim();
  assert.deepEqual(await Deno.readFile(path), await archive("1.2.0"));
  await daemon.end();
});

Deno.test("without the DHT's nodes, a peer in a magnet link gives the publisher's record as well", async () => {
  await using place = await newPlace();
  const { daemon: serves, magnets, archive } = await serving(place);
  await using daemon = serves;
  const home = await place.home(null);
  const cwd = await Deno.makeTempDir({ dir: place.path });
  const link = `${magnets[1]}&x.pe=127.0.0.1:${daemon.port}`;
  const get = () => home.run(["get", "--bootstrap", "none", "--timeout", "10s", link], { cwd });
  let got = await get();
  // A question to peers ends after 6 s, which a busy machine may need.
  for (let i = 0; got.code === 5 && i < 4; i++) got = await get();
  assert.equal(got.code, 0, got.stderr);
  assert.match(got.stderr, /verified/);
  assert.deepEqual(await Deno.readFile(got.stdout.trim()), await archive("1.2.0"));
  await daemon.end();
});
