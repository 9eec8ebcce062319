/** Tests `libreseed publish` with child processes on a testnet. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually, magnetIn, newPlace, together } from "../../support/place.ts";

Deno.test("publish prints name, version and magnet of a directory, and its record is on the DHT", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const { code, stdout, stderr } = await home.run([
    "publish",
    await place.source("hello", "1.0.0"),
  ]);
  assert.equal(code, 0, stderr);
  assert.match(
    stdout,
    /^hello@1\.0\.0\tmagnet:\?xt=urn:btih:[0-9a-f]{40}&dn=hello@1\.0\.0&xs=urn:btpk:[0-9a-f]{64}&s=[0-9a-f]{64}\n$/,
  );
  assert.match(stderr, /on 8 nodes/);
  assert.match(stderr, /not seeded yet: run `libreseed seed`/);
  assert.equal(home.holders("hello", "1.0.0").length, 8);
  assert.equal(home.listHolders().length, 8);
  assert.deepEqual(home.files(), ["minimal.json", "tgz", "torrent"].map((e) => `hello-1.0.0.${e}`));
});

Deno.test("publish takes several directories, and continues after a failing one", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const [one, two] = [
    await place.source("one", "1.0.0"),
    await place.source("@s/two", "2.0.0-rc.1"),
  ];
  const empty = join(place.path, "empty");
  await Deno.mkdir(empty);
  const linked = await place.source("three", "1.0.0");
  await Deno.symlink("/etc/passwd", join(linked, "out"));
  const paths = [one, empty, "nowhere", linked, two];
  const { code, stdout, stderr } = await home.run(["publish", ...paths]);
  assert.equal(code, 7, stderr);
  const printed = stdout.trimEnd().split("\n").map((line) => line.split("\t")[0]);
  assert.deepEqual(printed, ["one@1.0.0", "@s/two@2.0.0-rc.1"]);
  const complaints = stderr.split("\n").filter((line) => line.startsWith("libreseed: "));
  assert.equal(complaints.length, 3, stderr);
  // Each error message names the path of the package that failed.
  assert([empty, "nowhere", linked].every((path, i) => complaints[i]!.includes(path)), stderr);
  assert.match(complaints[2]!, /"out" leads out of the directory/);
  for (const [name, version] of [["one", "1.0.0"], ["@s/two", "2.0.0-rc.1"]] as const) {
    assert.equal(home.holders(name, version).length, 8);
  }
});

Deno.test("publish reads paths from standard input, separated by line breaks or NULs", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const sources = [
    await place.source("a", "1.0.0"),
    await place.source("b", "1.0.0"),
    await place.source("c", "1.0.0"),
  ];
  const strange = join(place.path, " two\nlines ");
  await Deno.rename(sources[2]!, strange);
  const lines = await home.run(["publish", "-"], { stdin: `\n${sources[0]}\r\n${sources[1]}` });
  assert.deepEqual([lines.code, lines.stdout.split("\n").length], [0, 3], lines.stderr);
  const nul = await home.run(["publish", "-0", "-"], { stdin: `${strange}\0${sources[0]}\0` });
  assert.equal(nul.code, 0, nul.stderr);
  assert.deepEqual(nul.stdout.trimEnd().split("\n").map((line) => line.split("\t")[0]), [
    "c@1.0.0",
    "a@1.0.0",
  ]);
});

Deno.test("publish of an empty list of paths succeeds without starting an engine", async () => {
  await using place = await newPlace({ nodes: 1 });
  const home = await place.home();
  for (const stdin of ["", "\n\n"]) {
    const { code, stdout, stderr } = await home.run(["publish", "-"], { stdin });
    assert.deepEqual([code, stdout], [0, ""], stderr);
    assert.match(stderr, /nothing to publish/);
  }
  assert.deepEqual([...Deno.readDirSync(home.path)].map(({ name }) => name), ["keys"]);
});

Deno.test("publish names the path that it refuses, and stores nothing", async () => {
  await using place = await newPlace({ nodes: 1 });
  const [home, keyless] = [await place.home(), await place.home(null)];
  const good = await place.source("good", "1.0.0");
  const nameless = await Deno.makeTempDir({ dir: place.path, prefix: "nameless-" });
  await Deno.writeTextFile(join(nameless, "file"), "x");
  const empty = await Deno.makeTempDir({ dir: place.path, prefix: "empty-" });
  const text = join(place.path, "text.tgz");
  await Deno.writeTextFile(text, "no archive at all");
  const cases: [string[], number, string][] = [
    [[good, "--name", "No Name"], 2, "No Name"],
    [[good, "--version", "one"], 2, "one"],
    [[nameless], 2, nameless],
    [[empty, "--name", "x", "--version", "1.0.0"], 2, empty],
    [["nowhere"], 3, "nowhere"],
    [[text], 4, text],
    [[good, good, "--name", "x"], 2, "--name"],
    [[good, "--seed-for", "soon"], 2, "soon"],
  ];
  // The commands run concurrently, because each is refused for an independent reason.
  await together(cases.map(async ([args, expected, part]) => {
    const { code, stdout, stderr } = await home.run(["publish", ...args]);
    assert.equal(code, expected, `${args}: ${stderr}`);
    assert.equal(stdout, "");
    // The commands share a home, so some of them report that they wait for the lock.
    assert(/^libreseed: /m.test(stderr) && stderr.includes(part), stderr);
  }));
  const { code, stderr } = await keyless.run(["publish", good]);
  assert.equal(code, 3);
  assert(stderr.includes("libreseed keygen"), stderr);
  assert.deepEqual([home.files(), keyless.files()], [[], []]);
});

Deno.test("publish takes an archive, with or without its minimal manifest", async () => {
  await using place = await newPlace();
  const [home, other] = [await place.home(), await place.home()];
  const archive = join(place.path, "any name.tgz");
  await home.must(["pack", "-q", await place.source("ready", "1.0.0"), "--out", archive]);
  const with_ = await home.must(["publish", archive]);
  assert.match(with_, /^ready@1\.0\.0\tmagnet:/);
  assert.equal(home.holders("ready", "1.0.0").length, 8);
  assert.deepEqual(
    await Deno.readFile(join(home.seed, "ready-1.0.0.tgz")),
    await Deno.readFile(archive),
  );

  await Deno.remove(join(place.path, "any name.minimal.json"));
  const fresh = await place.home(home.keys);
  assert.equal(await fresh.must(["publish", archive]), with_);

  const named = await home.run(["publish", archive, "--version", "1.0.1"]);
  assert.equal(named.code, 2);
  assert(named.stderr.includes("ready@1.0.0") && named.stderr.includes("--version"), named.stderr);

  const foreign = await other.run(["publish", archive]);
  assert.deepEqual([foreign.code, foreign.stdout], [1, ""]);
  assert(foreign.stderr.includes(home.publicKey) && foreign.stderr.includes("libreseed add"));
  assert.deepEqual(other.files(), []);

  const bytes = await Deno.readFile(archive);
  bytes[bytes.length >> 1]! ^= 1;
  await Deno.writeFile(archive, bytes);
  const altered = await home.run(["publish", archive]);
  assert.deepEqual([altered.code, altered.stdout], [4, ""], altered.stderr);
});

Deno.test("publish --json prints all data for scripts", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const line = await home.must(["publish", "--json", "-q", await place.source("j", "1.0.0")]);
  const published = JSON.parse(line);
  const { path, magnet, infohash, sha256, ...rest } = published;
  assert.deepEqual(rest, {
    ...{ name: "j", version: "1.0.0", publisher: home.publicKey },
    ...{ holding: 8, weak: false, seeding: false },
  });
  assert.equal(path, join(home.seed, "j-1.0.0.tgz"));
  assert(magnet.includes(infohash));
  assert.match(sha256, /^[0-9a-f]{64}$/);
});

Deno.test("publish --seed-for seeds for the given time and then ends", async () => {
  await using place = await newPlace();
  const [home, other] = [await place.home(), await place.home()];
  const source = await place.source("brief", "1.0.0");
  await using publishing = home.spawn(["publish", "--seed-for", "10m", source]);
  const [line] = await publishing.waitForLine(/^brief@1\.0\.0\t.+$/, "stdout");
  await publishing.waitForLine(/^seeding for 10m00s/, "stderr");
  await other.must(["get", `${home.publicKey}/brief@1.0.0`]);
  await other.must(["verify", join(other.seed, "brief-1.0.0.tgz")]);
  publishing.kill("SIGINT");
  const { code, stdout } = await publishing.result;
  assert.deepEqual([code, stdout], [0, `${line}\n`]);
  assert(magnetIn(line).startsWith("magnet:"));

  const short = await home.run(["publish", "--seed-for", "500ms", source]);
  assert.deepEqual([short.code, short.stdout], [0, `${line}\n`], short.stderr);
});

Deno.test("Ctrl-C during packing ends publish with 130 and leaves no files", async () => {
  await using place = await newPlace({ nodes: 1 });
  const home = await place.home();
  const source = await place.source("huge", "1.0.0");
  // A sparse file: its holes read as zeros. Packing takes long, but the file needs no disk space.
  using file = await Deno.create(join(source, "holes"));
  await file.truncate(8 * 1024 ** 3);
  await using publishing = home.spawn(["publish", source, "--max-ratio", "2000"]);
  await eventually(() => home.files().some((name) => name.startsWith(".tmp-")));
  publishing.kill("SIGINT");
  const { code, stdout } = await publishing.result;
  assert.deepEqual([code, stdout, home.files()], [130, "", []]);
});
