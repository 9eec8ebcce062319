/** Tests `libreseed publish` with child processes on a testnet. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { bencode } from "../../../src/bencode/mod.ts";
import { RawUdp } from "../../support/raw_udp.ts";
import { eventually, magnetIn, newPlace, together } from "../../support/place.ts";
import { unwillingNode } from "./unwilling_node.ts";

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
  for (const [name, version] of [["one", "1.0.0"], ["@s/two", "2.0.0-rc.1"]] as const) {
    assert.equal(home.holders(name, version).length, 8);
  }
});

Deno.test("publish without an engine removes the archive that it prepared meanwhile", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const source = await place.source("hello", "1.0.0");
  using taken = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const { code, stderr } = await home.run(["publish", source, `--port=${port}`]);
  assert.equal(code, 6, stderr);
  assert.deepEqual([...Deno.readDirSync(join(home.path, "seed"))], []);
  // `publish` reports an error in the package even if no engine can start.
  const bad = await home.run(["publish", source, "--version=one"]);
  assert.equal(bad.code, 2, bad.stderr);
  assert.match(bad.stderr, /one/);
  assert.deepEqual(home.files(), []);
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

Deno.test("publish accepts a differently compressed copy of a published version, and refuses changed contents", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const source = await place.source("same", "1.0.0");
  const archive = join(place.path, "same.tgz");
  await home.must(["pack", "-q", source, "--out", archive]);
  // The test replaces the archive by one with the same contents and another compression level, as
  // another version of libreseed may produce.
  const plain = gunzipSync(await Deno.readFile(archive));
  await Deno.writeFile(archive, gzipSync(plain, { level: 1 }));
  await Deno.remove(join(place.path, "same.minimal.json"));
  const published = await home.must(["publish", archive]);
  const before = await Deno.readFile(join(home.seed, "same-1.0.0.tgz"));
  assert.equal(await home.must(["publish", source]), published);
  assert.deepEqual(await Deno.readFile(join(home.seed, "same-1.0.0.tgz")), before);

  await Deno.writeTextFile(join(source, "more"), "x");
  const changed = await home.run(["publish", source]);
  assert.deepEqual([changed.code, changed.stdout], [1, ""]);
  assert.match(changed.stderr, /published already, with other bytes|other contents/);
  assert.deepEqual(await Deno.readFile(join(home.seed, "same-1.0.0.tgz")), before);
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

Deno.test("publishing the same bytes again succeeds and keeps the record", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const source = await place.source("same", "1.0.0");
  const first = await home.must(["publish", source]);
  const seqs = () =>
    home.holders("same", "1.0.0").map((node) => node.holds(home.target("same", "1.0.0"))!.seq);
  const before = seqs();
  assert.equal(await home.must(["publish", source]), first);
  assert.deepEqual(seqs(), before);
  const another = await place.home(home.keys);
  assert.equal(await another.must(["publish", source]), first);
  assert.deepEqual(seqs(), before);
});

Deno.test("publish refuses a published version with other bytes, also on another machine", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const first = await place.source("fixed", "1.0.0", "first\n");
  const second = await place.source("fixed", "1.0.0", "second\n");
  await home.must(["publish", first]);
  const archive = await Deno.readFile(join(home.seed, "fixed-1.0.0.tgz"));
  for (
    const [env, code] of [[{}, "VERSION_TAKEN"], [
      { LIBRESEED_DHT: "false" },
      "VERSION_EXISTS",
    ]] as const
  ) {
    const here = await home.run(["publish", "--json", second], { env });
    assert.deepEqual([here.code, here.stdout], [1, ""]);
    assert.equal(JSON.parse(here.stderr.trimEnd().split("\n").at(-1)!).error.code, code);
  }
  assert.deepEqual(await Deno.readFile(join(home.seed, "fixed-1.0.0.tgz")), archive);

  const elsewhere = await place.home(home.keys);
  const there = await elsewhere.run(["publish", "--json", second]);
  assert.deepEqual([there.code, there.stdout], [1, ""]);
  assert.equal(JSON.parse(there.stderr.trimEnd().split("\n").at(-1)!).error.code, "VERSION_TAKEN");
  // No archive may be left in the seed directory: the next daemon would seed it although no record
  // names it.
  assert.deepEqual(elsewhere.files(), []);
  assert.match((await elsewhere.run(["announce"])).stderr, /keeps no records/);
  // Publishing the original contents of the published version succeeds.
  await elsewhere.must(["publish", first]);
});

Deno.test("publish without a reachable node keeps the records for announce", async () => {
  await using place = await newPlace();
  const deaf: Record<string, string>[] = [
    { LIBRESEED_BOOTSTRAP: "none" },
    // No process on this machine listens on port 9, so no bootstrap node answers.
    { LIBRESEED_BOOTSTRAP: "127.0.0.1:9" },
    { LIBRESEED_DHT: "false" },
  ];
  await together(deaf.map(async (env) => {
    const home = await place.home();
    const source = await place.source("later", "1.0.0");
    const { code, stdout, stderr } = await home.run(["publish", source], { env });
    assert.deepEqual([code, stdout], [5, ""], `${JSON.stringify(env)} ${stderr}`);
    assert.match(stderr, /libreseed announce/);
    assert(home.files().includes("later-1.0.0.tgz"));
    await Deno.remove(`${home.path}/keys`, { recursive: true });
    const announced = await home.must(["announce", "later"]);
    assert.match(announced, /^later@1\.0\.0\tstored on [1-8] nodes/m);
    assert.match(announced, /^announce record\tstored on [1-8] nodes/m);
    assert.match(announced, /^name index of later\tstored on [1-8] nodes/m);
    assert.equal(home.holders("later", "1.0.0").length, 8);
    assert.equal(home.listHolders().length, 8);
  }));
  // One entry of the name index covers all versions. A version range is resolved with the
  // publisher's list.
  const stranger = await place.home(null);
  const listed = await stranger.run(["resolve", "later@^1", "--json"]);
  assert.equal(JSON.parse(listed.stdout).version, "1.0.0", listed.stderr);
});

Deno.test("records published without the DHT never replace newer records of another machine", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const elsewhere = await place.home(home.keys);
  const none = { env: { LIBRESEED_BOOTSTRAP: "none" } };
  const mine = await place.source("mine", "1.0.0");
  const taken = await place.source("theirs", "1.0.0", "other bytes\n");
  assert.equal((await home.run(["publish", mine, taken], none)).code, 5);
  await elsewhere.must(["publish", "-q", await place.source("theirs", "1.0.0")]);
  const announced = await home.must(["announce"]);
  assert.match(announced, /^mine@1\.0\.0\tstored on 8 nodes/m);
  assert.match(announced, /^theirs@1\.0\.0\tsuperseded/m);
  // The daemon's schedule may have found the newer record before `announce` ran; both reports are
  // valid.
  assert.match(announced, /^announce record\t(superseded|stored on 8 nodes \(0 new\))/m);
  const other = await place.home(null);
  const find = async (spec: string) =>
    JSON.parse(await other.must(["resolve", "--json", `${home.publicKey}/${spec}`])).archiveSha256;
  const { sha256 } = JSON.parse(await elsewhere.must(["list", "--json"]));
  assert.equal(await find("theirs@^1"), `sha256:${sha256}`);
  // The next `publish` starts from the newer list, which another machine has published. It adds its
  // own package and the packages of this home that the newer list lacks.
  await home.must(["publish", "-q", await place.source("next", "1.0.0")]);
  await together(["mine@^1", "theirs@^1", "next@^1"].map(find));
});

Deno.test("a record on too few nodes is reported as weak", async () => {
  await using place = await newPlace({ nodes: 3 });
  await using unwilling = await unwillingNode(place.testnet.nodes);
  const home = await place.home();
  const source = await place.source("weak", "1.0.0");
  const env = { LIBRESEED_BOOTSTRAP: unwilling.address };
  const weak = await home.run(["publish", "--json", source], { env });
  assert.equal(weak.code, 0, weak.stderr);
  assert.match(weak.stderr, /"warning".* weak@1\.0\.0 is weak: 3 of 4 nodes hold it/);
  const { holding, weak: isWeak } = JSON.parse(weak.stdout);
  assert.deepEqual([holding, isWeak], [3, true]);
});

Deno.test("a record on all nodes of a small network is reported as weak, without failure", async () => {
  await using place = await newPlace({ nodes: 3 });
  const home = await place.home();
  const source = await place.source("small", "1.0.0");
  const published = await home.run(["publish", "--json", source]);
  assert.equal(published.code, 0, published.stderr);
  assert.match(
    published.stderr,
    /small@1\.0\.0 is weak: 3 of 3 nodes hold it, fewer than min-nodes/,
  );
  const { holding, weak } = JSON.parse(published.stdout);
  assert.deepEqual([holding, weak], [3, true]);

  const announced = await home.run(["announce", "--json"]);
  assert.equal(announced.code, 0, announced.stderr);
  for (const line of announced.stdout.trimEnd().split("\n")) {
    const { ok, outcome } = JSON.parse(line);
    assert.deepEqual([ok, outcome.weak, outcome.needsRetry], [true, true, false], line);
  }
  assert.match(await home.must(["announce", "small"]), /stored on 3 nodes \(0 new\), weak$/m);
  const minimal = join(home.seed, "small-1.0.0.minimal.json");
  assert.equal(JSON.parse(await home.must(["manifest", "put", "--json", minimal])).weak, true);

  await using _daemon = await home.daemon();
  const { records } = JSON.parse(await home.must(["status", "--json", "small"]));
  assert(records.length > 0);
  for (const { kind, weak, failures } of records) {
    assert.deepEqual([weak, failures], [true, 0], kind);
  }
  assert.match(await home.must(["status"]), /3 kept, .*weak/);
  assert.match(await home.must(["status", "small"]), /small@1\.0\.0: on 3 nodes, weak, /);
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

Deno.test("if no node answers, publish tries only the package's own record", async () => {
  await using place = await newPlace({ nodes: 1 });
  await using silent = await RawUdp.bind();
  const wanted = new Set<string>();
  silent.answer = (packet) => {
    const args = packet.get("a") as Map<string, Uint8Array>;
    const target = args.get("target");
    const isJoining = new TextDecoder().decode(packet.get("q") as Uint8Array) === "find_node";
    if (!isJoining && target) wanted.add(target.toHex());
    if (!isJoining) return undefined;
    const r = { id: silent.id, nodes: new Uint8Array() };
    return bencode({ t: packet.get("t") as Uint8Array, y: "r", r });
  };
  const home = await place.home();
  const { code, stderr } = await home.run(["publish", await place.source("a", "1.0.0")], {
    env: { LIBRESEED_BOOTSTRAP: `127.0.0.1:${silent.port}` },
  });
  assert.equal(code, 5, stderr);
  assert.deepEqual([...wanted], [home.target("a", "1.0.0")]);
  // The home keeps all three records, and announces them as soon as DHT nodes answer.
  await home.must(["announce"]);
  assert.equal(home.holders("a", "1.0.0").length, 1);
  assert.equal(home.listHolders().length, 1);
  assert.match(await home.must(["resolve", "--all", "a"]), /^ed25519:\S+ +1\.0\.0 /);
});
